//! What seeded accounts write about.

use crate::account::Voice;

/// The raw material of one account's posts.
pub(crate) struct Material {
    pub(crate) openings: &'static [&'static str],
    pub(crate) closings: &'static [&'static str],
    pub(crate) topics: &'static [&'static str],
    pub(crate) links: &'static [&'static str],
    /// The hour of the account's morning, in UTC.
    pub(crate) morning: u32,
}

/// The material for a voice.
pub(crate) fn material(voice: Voice) -> &'static Material {
    match voice {
        Voice::English => &ENGLISH,
        Voice::Indonesian => &INDONESIAN,
        Voice::Arabic => &ARABIC,
        Voice::Workshop => &WORKSHOP,
    }
}

const ENGLISH: Material = Material {
    openings: &[
        "Clear sky at last.",
        "Forty minutes of cooling, ten minutes of looking.",
        "The neighbour asked what I was pointing at.",
        "Tonight's sketch of the Moon's edge is done.",
        "Cheap eyepiece, honest review.",
        "Cloud cover: one hundred percent. Mood: the same.",
        "Found the Ring Nebula without the app.",
        "Collimation is a kind of meditation.",
    ],
    closings: &[
        "Saturn looked like a sticker.",
        "Who else was out in the cold?",
        "Notes are in the notebook, the notebook is wet.",
        "Next try on Thursday.",
        "Averted vision really does work.",
        "Worth the missing sleep.",
        "I still say wow every single time.",
    ],
    topics: &["Astronomy", "Backyard", "Moon", "Telescopes"],
    links: &[
        "https://telescope.example/logbook",
        "https://telescope.example/moon-phases",
    ],
    morning: 12,
};

const INDONESIAN: Material = Material {
    openings: &[
        "Selamat pagi dari kedai.",
        "Roti sobek baru keluar dari oven.",
        "Biji kopi Gayo datang hari ini.",
        "Hujan sore, bangku dekat jendela masih kosong.",
        "Menu baru: es kopi gula aren.",
        "Terima kasih untuk yang sudah mampir kemarin.",
        "Barista kami belajar menggambar angsa.",
        "Senja hari ini warnanya seperti teh.",
    ],
    closings: &[
        "Siapa yang mau mampir?",
        "Buka sampai jam sembilan malam.",
        "Kopi pertama selalu yang paling jujur.",
        "Ceritakan kopi favoritmu di sini.",
        "Ajak satu teman, pulang bawa dua cerita.",
        "Besok kami libur, ya.",
        "Stok terbatas, seperti biasa.",
    ],
    topics: &["Kopi", "Bandung", "Roti", "Senja"],
    links: &[
        "https://kedai.example/menu",
        "https://kedai.example/acara",
        "https://kedai.example/resep",
    ],
    morning: 0,
};

const ARABIC: Material = Material {
    openings: &[
        "صباح الخير أيها القراء.",
        "انتهيت من رواية طويلة البارحة.",
        "فنجان قهوة وعشرون صفحة.",
        "وجدت كتابا قديما في سوق الأزبكية.",
        "قائمة قراءاتي لهذا الشهر جاهزة.",
        "بعض الكتب تحتاج إلى صمت.",
        "جملة واحدة أوقفتني اليوم.",
    ],
    closings: &[
        "ماذا تقرؤون الآن؟",
        "أكتب عنها غدا إن شاء الله.",
        "الغلاف جميل والنهاية أجمل.",
        "أنصح بها لمن يحب التاريخ.",
        "سأعيد قراءتها في الشتاء.",
        "شاركوني آخر كتاب أعجبكم.",
    ],
    topics: &["كتب", "قراءة", "القاهرة"],
    links: &["https://reads.example/list", "https://reads.example/notes"],
    morning: 6,
};

const WORKSHOP: Material = Material {
    openings: &[
        "The gearbox turns without a sound now.",
        "Glue is drying, hands off until noon.",
        "Third prototype, same wobble.",
        "Today's mistake: measuring once.",
        "The bandsaw got a new blade.",
        "Cardboard first, plywood later.",
    ],
    closings: &[
        "Drawings follow on Friday.",
        "Which colour would you take?",
        "It is ugly and it works.",
        "Dust everywhere, no regrets.",
        "The cat approves.",
    ],
    topics: &["Making", "Workshop", "Prototypes"],
    links: &[
        "https://studio.example/plans",
        "https://studio.example/parts",
    ],
    morning: 12,
};
