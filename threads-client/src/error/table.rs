//! The one table of failures: what a code means to a program, and what to tell the owner of an account.
//!
//! A row that matches gives both the [`ApiErrorKind`] and the advice, so the two cannot disagree. Codes come
//! from [Meta's guide](https://developers.facebook.com/docs/graph-api/guides/error-handling); Meta publishes no
//! full table for Threads, so subcodes and texts also come from what client developers report.

use std::ops::RangeInclusive;

use super::ApiErrorKind;
use super::ApiErrorKind::{
    InvalidParameter, NotFound, Other, PermissionDenied, RateLimited, Transient, Unauthenticated,
};
use super::advice::Action;
use super::advice::Action::{
    AskForScope, CheckBeforeRetry, ContactMeta, FixMedia, FixRequest, Reauthorise,
    RecreateContainer, RetryAfter, SetUpApp, UpdateProgram, WaitForQuota,
};

/// What to tell a person, and what a program can do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: &'static str,
    pub(super) action: Action,
    pub(super) english: &'static str,
    pub(super) indonesian: &'static str,
}

/// One row: the first row that matches decides, so the special ones come first.
pub(super) struct Row {
    pub(super) codes: RangeInclusive<i64>,
    pub(super) subcode: Option<i64>,
    /// What Meta's text for developers has to contain; the one for users is translated.
    pub(super) text: Option<&'static str>,
    /// Whether the text is the name of one error, so that it says enough without a code.
    pub(super) is_named: bool,
    pub(super) kind: ApiErrorKind,
    pub(super) entry: &'static Entry,
}

/// One reason why Meta cannot prepare a post; matched by a part of its name, because Meta misspells some.
pub(super) struct ContainerRow {
    pub(super) part: &'static str,
    pub(super) entry: &'static Entry,
}

const ANY: RangeInclusive<i64> = i64::MIN..=i64::MAX;

const fn code(code: i64, kind: ApiErrorKind, entry: &'static Entry) -> Row {
    codes(code..=code, kind, entry)
}

const fn codes(codes: RangeInclusive<i64>, kind: ApiErrorKind, entry: &'static Entry) -> Row {
    Row {
        codes,
        subcode: None,
        text: None,
        is_named: false,
        kind,
        entry,
    }
}

const fn subcode(code: i64, subcode: i64, kind: ApiErrorKind, entry: &'static Entry) -> Row {
    Row {
        codes: code..=code,
        subcode: Some(subcode),
        text: None,
        is_named: false,
        kind,
        entry,
    }
}

const fn any_code(subcode: i64, kind: ApiErrorKind, entry: &'static Entry) -> Row {
    Row {
        codes: ANY,
        subcode: Some(subcode),
        text: None,
        is_named: false,
        kind,
        entry,
    }
}

const fn text(
    codes: RangeInclusive<i64>,
    text: &'static str,
    kind: ApiErrorKind,
    entry: &'static Entry,
) -> Row {
    Row {
        codes,
        subcode: None,
        text: Some(text),
        is_named: false,
        kind,
        entry,
    }
}

/// An error that Threads calls by a name; mostly beside code 100.
const fn named(name: &'static str, entry: &'static Entry) -> Row {
    Row {
        is_named: true,
        ..text(100..=100, name, InvalidParameter, entry)
    }
}

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    named("THREADS_API__LINK_LIMIT_EXCEEDED", &TOO_MANY_LINKS),
    named("THREADS_API__FEATURE_NOT_AVAILABLE", &FEATURE_NOT_AVAILABLE),
    named("THREADS_API__GEO_GATING_INVALID_COUNTRY_CODES", &COUNTRY_NOT_SUPPORTED),
    // The account is restricted, whatever the code beside it.
    any_code(2_207_051, PermissionDenied, &ACTIVITY_RESTRICTED),
    any_code(4_279_013, PermissionDenied, &ACCOUNT_RESTRICTED),
    // Meta could not fetch the media: code 1 otherwise means "try again".
    subcode(1, 2_207_052, InvalidParameter, &MEDIA_NOT_FETCHED),
    code(1, Transient, &META_UNAVAILABLE),
    code(2, Transient, &META_UNAVAILABLE),
    code(3, PermissionDenied, &APP_NOT_CAPABLE),
    code(4, RateLimited, &TOO_MANY_CALLS),
    subcode(9, 2_207_042, RateLimited, &POSTING_LIMIT),
    code(10, PermissionDenied, &PERMISSION_MISSING),
    code(17, RateLimited, &TOO_MANY_CALLS),
    subcode(24, 4_279_009, NotFound, &CONTAINER_NOT_THERE),
    code(24, NotFound, &NOT_FOUND),
    code(32, RateLimited, &TOO_MANY_CALLS),
    // Object does not exist, or not for this token.
    subcode(100, 33, NotFound, &NOT_VISIBLE),
    text(100..=100, "must be at most 500 characters", InvalidParameter, &TEXT_TOO_LONG),
    text(100..=100, "can't be blank", InvalidParameter, &NOTHING_TO_POST),
    text(100..=100, "nonexisting field", InvalidParameter, &FIELD_UNKNOWN),
    text(100..=100, "must be one of the following values", InvalidParameter, &VALUE_NOT_ALLOWED),
    text(100..=100, "requested resource does not exist", InvalidParameter, &RESOURCE_MISSING),
    code(100, InvalidParameter, &PARAMETER_REFUSED),
    // App id or secret is wrong: no user can mend that by logging in again.
    code(101, InvalidParameter, &APP_CREDENTIALS),
    code(102, Unauthenticated, &LOGIN_ENDED),
    subcode(190, 458, Unauthenticated, &APP_REMOVED),
    subcode(190, 459, Unauthenticated, &ACCOUNT_CHECKPOINT),
    subcode(190, 460, Unauthenticated, &PASSWORD_CHANGED),
    subcode(190, 463, Unauthenticated, &LOGIN_EXPIRED),
    subcode(190, 464, Unauthenticated, &ACCOUNT_UNCONFIRMED),
    subcode(190, 467, Unauthenticated, &LOGIN_INVALID),
    code(190, Unauthenticated, &LOGIN_ENDED),
    codes(200..=299, PermissionDenied, &PERMISSION_MISSING),
    code(341, RateLimited, &TOO_MANY_CALLS),
    // Blocked for a policy violation, and duplicate post: neither passes by itself.
    code(368, Other, &BLOCKED_FOR_NOW),
    // The code exchange repeats the HTTP status as its code.
    text(400..=400, "redirect", InvalidParameter, &REDIRECT_NOT_REGISTERED),
    text(400..=400, "Matching code", InvalidParameter, &LOGIN_CODE_USED),
    code(400, InvalidParameter, &LOGIN_REFUSED),
    code(506, Other, &DUPLICATE_POST),
    code(613, RateLimited, &TOO_MANY_CALLS),
    codes(80_000..=80_014, RateLimited, &TOO_MANY_CALLS),
    // The authorization window.
    named("TH__APPLICATION", &WRONG_APP_ID),
    code(1_349_026, InvalidParameter, &WRONG_APP_ID),
    code(4_476_002, InvalidParameter, &WRONG_APP_ID),
    code(1_349_168, InvalidParameter, &REDIRECT_NOT_REGISTERED),
    code(1_349_187, InvalidParameter, &REDIRECT_NOT_HTTPS),
    code(1_349_245, PermissionDenied, &TESTER_NOT_ACCEPTED),
];

#[rustfmt::skip]
pub(super) static CONTAINER_ROWS: &[ContainerRow] = &[
    ContainerRow { part: "DOWNLOADING", entry: &VIDEO_NOT_FETCHED },
    ContainerRow { part: "PROCESSING_AUDIO", entry: &AUDIO_FAILED },
    ContainerRow { part: "PROCESSING_VIDEO", entry: &VIDEO_FAILED },
    ContainerRow { part: "ASPEC", entry: &ASPECT_RATIO },
    ContainerRow { part: "BIT_RATE", entry: &BIT_RATE },
    ContainerRow { part: "DURATION", entry: &DURATION },
    ContainerRow { part: "FRAME_RATE", entry: &FRAME_RATE },
    ContainerRow { part: "CHANNEL_LAYOUT", entry: &AUDIO_LAYOUT },
    ContainerRow { part: "AUDIO_CHANNEL", entry: &AUDIO_CHANNELS },
    ContainerRow { part: "UNKNOWN", entry: &MEDIA_NOT_PREPARED },
];

/// Advice for a kind, where no row knows more.
pub(super) fn of_kind(kind: ApiErrorKind) -> &'static Entry {
    match kind {
        Unauthenticated => &LOGIN_ENDED,
        PermissionDenied => &PERMISSION_MISSING,
        RateLimited => &TOO_MANY_CALLS,
        NotFound => &NOT_FOUND,
        InvalidParameter => &PARAMETER_REFUSED,
        Transient => &META_UNAVAILABLE,
        Other => &REFUSED,
    }
}

macro_rules! entries {
    ($($name:ident = $id:literal, $action:expr, $english:literal, $indonesian:literal;)+) => {
        $(
            pub(super) static $name: Entry = Entry {
                id: $id,
                action: $action,
                english: $english,
                indonesian: $indonesian,
            };
        )+

        /// All entries, so that a test can read each of them.
        #[cfg(test)]
        pub(super) static ENTRIES: &[&Entry] = &[$(&$name),+];
    };
}

entries! {
    // The login.
    LOGIN_ENDED = "login_ended", Reauthorise,
        "The login of this account has ended. Connect the account again.",
        "Login akun ini sudah berakhir. Hubungkan kembali akun ini.";
    LOGIN_EXPIRED = "login_expired", Reauthorise,
        "The login of this account has expired. Connect the account again.",
        "Masa berlaku login akun ini sudah habis. Hubungkan kembali akun ini.";
    LOGIN_INVALID = "login_invalid", Reauthorise,
        "Meta no longer accepts the login of this account. Connect the account again.",
        "Meta tidak lagi menerima login akun ini. Hubungkan kembali akun ini.";
    LOGIN_IN_DOUBT = "login_in_doubt", Reauthorise,
        "Meta cannot find this account with its present login, which mostly means that the login has ended. Connect the account again.",
        "Meta tidak menemukan akun ini dengan login yang sekarang; biasanya berarti login sudah berakhir. Hubungkan kembali akun ini.";
    APP_REMOVED = "app_removed", Reauthorise,
        "This account no longer allows the app. Connect the account again to allow it.",
        "Akun ini tidak lagi mengizinkan aplikasi. Hubungkan kembali akun ini untuk mengizinkannya.";
    PASSWORD_CHANGED = "password_changed", Reauthorise,
        "The password of this account was changed, and that ended the login. Connect the account again.",
        "Kata sandi akun ini telah diganti sehingga login berakhir. Hubungkan kembali akun ini.";
    ACCOUNT_CHECKPOINT = "account_checkpoint", Reauthorise,
        "Meta wants to check this account. Open Threads, do what it asks, then connect the account again.",
        "Meta ingin memeriksa akun ini. Buka Threads, ikuti permintaannya, lalu hubungkan kembali akun ini.";
    ACCOUNT_UNCONFIRMED = "account_unconfirmed", Reauthorise,
        "This account is not confirmed yet. Confirm it in Threads, then connect the account again.",
        "Akun ini belum dikonfirmasi. Konfirmasikan di Threads, lalu hubungkan kembali akun ini.";
    LOGIN_CODE_USED = "login_code_used", Reauthorise,
        "The login could not be finished, because its code was already used or is too old. Start connecting again.",
        "Login tidak dapat diselesaikan karena kodenya sudah dipakai atau kedaluwarsa. Mulai hubungkan akun lagi.";
    LOGIN_REFUSED = "login_refused", Reauthorise,
        "Meta refused the login. Start connecting again.",
        "Meta menolak login ini. Mulai hubungkan akun lagi.";

    // Permissions and restrictions.
    PERMISSION_MISSING = "permission_missing", AskForScope(None),
        "A permission is missing. Connect the account again and allow everything that is asked for; if you did, Meta has yet to approve the app for it.",
        "Ada izin yang kurang. Hubungkan kembali akun ini dan izinkan semua yang diminta; jika sudah, aplikasinya masih perlu disetujui Meta.";
    ACTIVITY_RESTRICTED = "activity_restricted", ContactMeta,
        "Meta limits what this account may do, to protect its community. Read the notice in Threads, and ask Meta for a review if it is a mistake.",
        "Meta membatasi kegiatan akun ini untuk melindungi komunitasnya. Baca pemberitahuan di Threads, dan minta peninjauan kepada Meta jika itu keliru.";
    ACCOUNT_RESTRICTED = "account_restricted", ContactMeta,
        "Meta has restricted this account. Read the notice in Threads, and ask Meta for a review if it is a mistake.",
        "Meta membatasi akun ini. Baca pemberitahuan di Threads, dan minta peninjauan kepada Meta jika itu keliru.";
    BLOCKED_FOR_NOW = "blocked_for_now", ContactMeta,
        "Meta has blocked this for the time being, because it sees its rules broken. Read the notice in Threads, and contact Meta if it is a mistake.",
        "Meta memblokir tindakan ini untuk sementara karena menganggap aturannya dilanggar. Baca pemberitahuan di Threads, dan hubungi Meta jika itu keliru.";

    // Limits.
    TOO_MANY_CALLS = "too_many_calls", RetryAfter(None),
        "Meta has had too many requests for this account. Wait a while, then try again.",
        "Meta menerima terlalu banyak permintaan untuk akun ini. Tunggu beberapa saat, lalu coba lagi.";
    POSTING_LIMIT = "posting_limit", WaitForQuota,
        "The account has used up Meta's limit of posts in 24 hours. Wait until the earlier posts are more than a day old.",
        "Akun ini sudah mencapai batas jumlah postingan Meta dalam 24 jam. Tunggu sampai postingan sebelumnya berumur lebih dari satu hari.";
    HELD_BACK = "held_back", RetryAfter(None),
        "Nothing was sent, to stay within Meta's limits. Try again later.",
        "Tidak ada yang dikirim, agar tetap dalam batas dari Meta. Coba lagi nanti.";
    QUOTA_USED_UP = "quota_used_up", WaitForQuota,
        "Nothing was sent, because this program has counted as many such requests as Meta allows. Wait until the earlier ones no longer count.",
        "Tidak ada yang dikirim karena jumlah permintaan sejenis sudah mencapai batas Meta menurut hitungan program ini. Tunggu sampai permintaan sebelumnya tidak dihitung lagi.";
    META_DOWN = "meta_down", RetryAfter(None),
        "Nothing was sent, because Meta has failed to answer many times in a row. Try again in a few minutes.",
        "Tidak ada yang dikirim karena Meta berulang kali gagal menjawab. Coba lagi dalam beberapa menit.";

    // Passing failures.
    META_UNAVAILABLE = "meta_unavailable", RetryAfter(None),
        "Meta has a passing problem. Try again in a few minutes.",
        "Meta sedang mengalami gangguan sementara. Coba lagi dalam beberapa menit.";
    NO_ANSWER = "no_answer", RetryAfter(None),
        "Meta did not answer in time. Try again in a few minutes.",
        "Meta tidak menjawab tepat waktu. Coba lagi dalam beberapa menit.";
    NOT_CONNECTED = "not_connected", RetryAfter(None),
        "Meta could not be reached, and nothing was sent. Check the internet connection, then try again.",
        "Meta tidak dapat dijangkau, dan tidak ada yang dikirim. Periksa koneksi internet, lalu coba lagi.";
    CONNECTION_LOST = "connection_lost", RetryAfter(None),
        "The connection to Meta broke off. Check the internet connection, then try again.",
        "Koneksi ke Meta terputus. Periksa koneksi internet, lalu coba lagi.";
    OUTCOME_UNKNOWN = "outcome_unknown", CheckBeforeRetry,
        "It is not known whether this was published. Look at the account on Threads before you publish it again.",
        "Belum diketahui apakah ini sudah terbit. Lihat akunnya di Threads sebelum menerbitkannya lagi.";

    // What was asked for.
    CONTAINER_NOT_THERE = "container_not_there", RecreateContainer,
        "Meta does not find the prepared post, or the post that it answers. Wait a minute, then prepare it anew.",
        "Meta tidak menemukan postingan yang disiapkan, atau postingan yang dibalas. Tunggu satu menit, lalu siapkan ulang.";
    NOT_FOUND = "not_found", FixRequest,
        "Meta does not find what was asked for. Check whether it was deleted.",
        "Meta tidak menemukan yang diminta. Periksa apakah sudah dihapus.";
    NOT_VISIBLE = "not_visible", FixRequest,
        "What was asked for does not exist, or this account may not see it. Check whether it was deleted or belongs to another account.",
        "Yang diminta tidak ada, atau akun ini tidak boleh melihatnya. Periksa apakah sudah dihapus atau milik akun lain.";
    RESOURCE_MISSING = "resource_missing", FixRequest,
        "Meta says that what was asked for does not exist. Check whether it was deleted.",
        "Menurut Meta, yang diminta tidak ada. Periksa apakah sudah dihapus.";
    TEXT_TOO_LONG = "text_too_long", FixRequest,
        "The text is longer than the 500 characters that Threads allows. Shorten it.",
        "Teks lebih panjang dari 500 karakter yang diizinkan Threads. Persingkat teksnya.";
    NOTHING_TO_POST = "nothing_to_post", FixRequest,
        "The post is empty. Add a text, an image or a video.",
        "Postingan kosong. Tambahkan teks, gambar, atau video.";
    TOO_MANY_LINKS = "too_many_links", FixRequest,
        "The post has more than five different links. Take some out.",
        "Postingan berisi lebih dari lima tautan berbeda. Kurangi tautannya.";
    FEATURE_NOT_AVAILABLE = "feature_not_available", FixRequest,
        "Meta does not offer this feature to this account. Leave it out.",
        "Meta tidak menyediakan fitur ini untuk akun ini. Jangan gunakan fitur tersebut.";
    COUNTRY_NOT_SUPPORTED = "country_not_supported", FixRequest,
        "One of the countries cannot be chosen for a post. Correct the list of countries.",
        "Salah satu negara tidak dapat dipilih untuk postingan. Perbaiki daftar negaranya.";
    FIELD_UNKNOWN = "field_unknown", UpdateProgram,
        "This program asked Meta for something that does not exist there. Install a newer version of this program.",
        "Program ini meminta sesuatu yang tidak ada di Meta. Pasang versi program yang lebih baru.";
    VALUE_NOT_ALLOWED = "value_not_allowed", FixRequest,
        "One of the settings has a value that Meta does not allow. Correct it.",
        "Salah satu pengaturan berisi nilai yang tidak diizinkan Meta. Perbaiki nilainya.";
    PARAMETER_REFUSED = "parameter_refused", FixRequest,
        "Meta refused a part of this request. Correct it as Meta's message says.",
        "Meta menolak sebagian dari permintaan ini. Perbaiki sesuai pesan dari Meta.";
    DUPLICATE_POST = "duplicate_post", FixRequest,
        "The same post was published a short time ago. Change it if you want it twice.",
        "Postingan yang sama baru saja terbit. Ubah isinya jika ingin menerbitkannya dua kali.";
    REQUEST_INVALID = "request_invalid", FixRequest,
        "This cannot be right, so nothing was sent. Correct what the message names.",
        "Permintaan ini tidak mungkin benar sehingga tidak dikirim. Perbaiki bagian yang disebut dalam pesan.";
    LIST_TOO_LONG = "list_too_long", FixRequest,
        "The list is longer than may be read at once. Ask for a shorter time.",
        "Daftarnya terlalu panjang untuk dibaca sekaligus. Minta rentang waktu yang lebih pendek.";
    ANSWER_NOT_UNDERSTOOD = "answer_not_understood", UpdateProgram,
        "Meta answered in a way that this program does not understand. Install a newer version of this program.",
        "Jawaban Meta tidak dipahami program ini. Pasang versi program yang lebih baru.";
    REFUSED = "refused", ContactMeta,
        "Meta refused this for a reason that this program does not know. If it happens again, give the error code to Meta's support.",
        "Meta menolak ini dengan alasan yang tidak dikenal program ini. Jika terjadi lagi, sampaikan kode kesalahannya ke dukungan Meta.";

    // The app.
    APP_NOT_CAPABLE = "app_not_capable", SetUpApp,
        "The app may not do this. Check its settings and permissions in Meta's developer dashboard.",
        "Aplikasi tidak boleh melakukan ini. Periksa pengaturan dan izinnya di dasbor pengembang Meta.";
    APP_CREDENTIALS = "app_credentials", SetUpApp,
        "The id or the secret of the app is wrong. Use those of the Threads app, from Meta's developer dashboard.",
        "ID atau kunci rahasia aplikasi salah. Gunakan milik aplikasi Threads dari dasbor pengembang Meta.";
    WRONG_APP_ID = "wrong_app_id", SetUpApp,
        "Meta does not know this app id. An app has two ids: use the Threads app id from the settings of the Threads use case, not the one of the Meta app.",
        "Meta tidak mengenal ID aplikasi ini. Sebuah aplikasi punya dua ID: gunakan ID aplikasi Threads dari pengaturan use case Threads, bukan ID aplikasi Meta.";
    REDIRECT_NOT_REGISTERED = "redirect_not_registered", SetUpApp,
        "The address to come back to after the login is not registered. Add it, letter by letter, to the redirect addresses of the Threads use case in Meta's developer dashboard.",
        "Alamat pengalihan setelah login belum terdaftar. Tambahkan persis sama, huruf demi huruf, ke alamat pengalihan use case Threads di dasbor pengembang Meta.";
    REDIRECT_NOT_HTTPS = "redirect_not_https", SetUpApp,
        "The address to come back to after the login does not begin with https. Set one up that does, and register it in Meta's developer dashboard.",
        "Alamat pengalihan setelah login tidak diawali https. Siapkan alamat https, lalu daftarkan di dasbor pengembang Meta.";
    TESTER_NOT_ACCEPTED = "tester_not_accepted", SetUpApp,
        "The app is in development, and this account is not one of its testers yet. Invite it in the app's roles, then accept the invitation in Threads under Settings, Account, Website permissions.",
        "Aplikasi masih dalam pengembangan dan akun ini belum menjadi pengujinya. Undang akun ini di peran aplikasi, lalu terima undangannya di Threads lewat Pengaturan, Akun, Izin situs web.";

    // Media and containers.
    MEDIA_NOT_FETCHED = "media_not_fetched", FixMedia,
        "Meta could not load the image or video from its address. Make sure that anybody can open the address without a login.",
        "Meta tidak dapat memuat gambar atau video dari alamatnya. Pastikan siapa pun dapat membuka alamat itu tanpa login.";
    VIDEO_NOT_FETCHED = "video_not_fetched", FixMedia,
        "Meta could not load the video from its address. Make sure that anybody can open the address without a login.",
        "Meta tidak dapat memuat video dari alamatnya. Pastikan siapa pun dapat membuka alamat itu tanpa login.";
    AUDIO_FAILED = "audio_failed", FixMedia,
        "Meta could not process the sound of the video. Export the video again with AAC sound.",
        "Meta tidak dapat memproses suara video. Ekspor ulang video dengan suara AAC.";
    VIDEO_FAILED = "video_failed", FixMedia,
        "Meta could not process the video. Export it again as MP4 or MOV.",
        "Meta tidak dapat memproses video. Ekspor ulang sebagai MP4 atau MOV.";
    ASPECT_RATIO = "aspect_ratio", FixMedia,
        "Width and height of the media do not go together as Meta wants it. Crop it; 9:16 is safe for a video.",
        "Perbandingan lebar dan tinggi media tidak sesuai ketentuan Meta. Potong ulang; 9:16 aman untuk video.";
    BIT_RATE = "bit_rate", FixMedia,
        "The video has too many bits per second. Export it again with a lower bit rate.",
        "Bit rate video terlalu tinggi. Ekspor ulang dengan bit rate yang lebih rendah.";
    DURATION = "duration", FixMedia,
        "The video is too long, or has no length at all. Use one of at most five minutes.",
        "Video terlalu panjang, atau tidak berdurasi. Gunakan video paling lama lima menit.";
    FRAME_RATE = "frame_rate", FixMedia,
        "The video has too few or too many pictures per second. Export it again with 23 to 60.",
        "Jumlah bingkai per detik video tidak sesuai. Ekspor ulang dengan 23 sampai 60 bingkai per detik.";
    AUDIO_CHANNELS = "audio_channels", FixMedia,
        "The sound of the video is neither mono nor stereo. Export the video again with one of them.",
        "Suara video bukan mono atau stereo. Ekspor ulang video dengan salah satunya.";
    AUDIO_LAYOUT = "audio_layout", FixMedia,
        "The sound channels of the video are arranged in a way that Meta does not know. Export the video again in mono or stereo.",
        "Susunan saluran suara video tidak dikenal Meta. Ekspor ulang video dalam mono atau stereo.";
    MEDIA_NOT_PREPARED = "media_not_prepared", FixMedia,
        "Meta could not prepare the post and does not say why. Mostly it could not load the media: make sure that anybody can open the address without a login.",
        "Meta tidak dapat menyiapkan postingan dan tidak menyebutkan sebabnya. Biasanya medianya tidak dapat dimuat: pastikan siapa pun dapat membuka alamat itu tanpa login.";
    CONTAINER_FAILED = "container_failed", FixMedia,
        "Meta could not prepare the post. Check the media against Meta's rules, then try it with another file.",
        "Meta tidak dapat menyiapkan postingan. Periksa media terhadap ketentuan Meta, lalu coba dengan berkas lain.";
    CONTAINER_EXPIRED = "container_expired", RecreateContainer,
        "The prepared post was not published within 24 hours and cannot be any more. Prepare it anew.",
        "Postingan yang disiapkan tidak diterbitkan dalam 24 jam sehingga tidak berlaku lagi. Siapkan ulang.";
    CONTAINER_UNFINISHED = "container_unfinished", RetryAfter(None),
        "Meta is still preparing the post. Wait a while, then try again.",
        "Meta masih menyiapkan postingan. Tunggu beberapa saat, lalu coba lagi.";
}
