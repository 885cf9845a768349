//! What the made-up accounts publish through the product.

use threads_sandbox::{AccountSeed, Voice};

/// Who an account is, and what is planned for it.
pub(super) struct AccountPlan {
    /// The sandbox's name of the account.
    pub(super) username: &'static str,
    name: &'static str,
    biography: &'static str,
    is_verified: bool,
    /// Followers and posts at the beginning of the demonstration, months ago.
    followers: u64,
    posts: u32,
    voice: Voice,
    /// Where its people live.
    pub(super) zone: &'static str,
    /// The local hour at which it likes to publish.
    pub(super) hour: u32,
    /// A post every so many days.
    pub(super) every_days: u32,
    /// What it says, in turn.
    pub(super) texts: &'static [&'static str],
    /// What it will say tomorrow.
    pub(super) tomorrow: &'static str,
}

impl AccountPlan {
    /// The account for the sandbox to make.
    pub(super) fn account(&self) -> AccountSeed {
        let account = AccountSeed::new(self.username)
            .name(self.name)
            .biography(self.biography)
            .followers(self.followers)
            .posts(self.posts)
            .history_days(60)
            .daily_growth(0.003)
            .voice(self.voice);
        if self.is_verified {
            account.verified()
        } else {
            account
        }
    }
}

pub(super) static PLANS: [AccountPlan; 3] = [
    AccountPlan {
        username: "kedai.senja",
        name: "Kedai Senja",
        biography: "Kopi, roti, dan matahari terbenam. Bandung, buka jam 10.",
        is_verified: true,
        followers: 9_480,
        posts: 16,
        voice: Voice::Indonesian,
        zone: "Asia/Jakarta",
        hour: 19,
        every_days: 6,
        texts: &[
            "Senja hari ini warnanya seperti teh tarik. Meja di teras masih ada dua.",
            "Roti sobek keluar dari oven jam empat. Datang sebelum habis ya.",
            "Biji baru dari Gayo sudah datang: asam lembut, ada rasa jeruknya.",
            "Hujan sejak siang. Kami siapkan wedang jahe di samping mesin kopi.",
            "Pelanggan tertua kami ulang tahun hari ini. Kopi gratis untuk semua yang menyapanya.",
            "Belajar latte art itu sembilan puluh persen gagal dengan gembira.",
            "Minggu ini kami tutup jam sembilan. Barista kami menikah!",
            "Pertanyaan serius: pisang goreng, pakai keju atau cokelat?",
            "Terima kasih sudah mengantre. Tiga mesin, satu teko, banyak cerita.",
            "Resep lama ibu kembali di menu: bubur sumsum dengan gula aren.",
            "Listrik padam satu jam, jadi kami seduh manual semuanya. Ternyata banyak yang lebih suka.",
            "Playlist sore ini dipilih oleh meja nomor tujuh.",
            "Cangkir yang pecah kami jadikan pot kecil. Silakan bawa pulang satu.",
            "Besok ada pasar kecil di halaman. Bawa tas sendiri, dapat potongan.",
        ],
        tomorrow: "Besok sore ada live akustik di teras. Mulai setelah matahari turun.",
    },
    AccountPlan {
        username: "noor.reads",
        name: "نور تقرأ",
        biography: "كتاب كل أسبوع، وفنجان قهوة كل صباح.",
        is_verified: false,
        followers: 512,
        posts: 10,
        voice: Voice::Arabic,
        zone: "Africa/Cairo",
        hour: 8,
        every_days: 9,
        texts: &[
            "كتاب هذا الأسبوع قصير، لكنه يحتاج إلى صمت طويل بعده.",
            "قرأت الصفحة نفسها ثلاث مرات. ليس لأنها صعبة، بل لأنها جميلة.",
            "ما الكتاب الذي أعدتم قراءته أكثر من غيره؟",
            "فنجان قهوة، ونافذة، وفصل أخير.",
            "وجدت في مكتبة قديمة رسالة بين الصفحات. أعدتها إلى مكانها.",
            "الترجمة الجيدة تجعلك تنسى أنها ترجمة.",
            "قائمة الشتاء جاهزة: سبعة كتب، ومدفأة صغيرة.",
            "أكتب الملاحظات بالقلم الرصاص، لأن رأيي قد يتغير.",
            "لقاء القراءة هذا الشهر عن الروايات التي تدور في مدينة واحدة.",
        ],
        tomorrow: "صباح الغد: أول اقتباس من الكتاب الجديد.",
    },
    AccountPlan {
        username: "tiny.telescope",
        name: "Tiny Telescope",
        biography: "Backyard astronomy with a 76 mm mirror.",
        is_verified: false,
        followers: 43,
        posts: 8,
        voice: Voice::English,
        zone: "America/New_York",
        hour: 20,
        every_days: 9,
        texts: &[
            "Saturn fits between two power lines tonight. Rings visible at 60x.",
            "Clouds again. I cleaned the mirror instead, and found a spider living in the tube.",
            "First light with the new eyepiece: the double cluster looked like spilled sugar.",
            "A neighbour asked what I am looking at. Forty minutes later, half the street was.",
            "The Moon's terminator crosses Copernicus this evening. Best seen around nine.",
            "Dew won. Session over at 22:10, sketch half finished.",
            "A 76 mm mirror gathers about a hundred times the light of an eye. It feels like more.",
            "Logged the hundredth object. It was a faint smudge and I am very proud of it.",
            "Light pollution report: three new street lamps, two fewer galaxies.",
        ],
        tomorrow: "Jupiter and the Moon stand close together tomorrow. No telescope needed.",
    },
];
