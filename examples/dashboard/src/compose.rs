//! The form that schedules a post.

use std::num::NonZeroUsize;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDateTime, Utc};
use threads_client::{Draft, DraftError, DraftWarning, Media, ReplyControl, text_length};
use threads_monitor::publishing::Due;
use threads_monitor::{LocalInstant, Zone};
use url::Url;

use crate::fields::FieldErrors;
use crate::format::{Moment, zone_name};
use crate::parts::{self, PartRow};
use crate::problem::{Problem, capitalised};

/// Rows for files on a fresh form, and at most.
const MEDIA_ROWS: usize = 4;
const MOST_MEDIA: usize = 20;

/// One row for a file, as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MediaRow {
    pub(crate) number: usize,
    /// The name under which its errors are kept.
    pub(crate) field: String,
    pub(crate) url: String,
    pub(crate) alt: String,
    pub(crate) is_video: bool,
}

impl MediaRow {
    fn is_empty(&self) -> bool {
        self.url.trim().is_empty() && self.alt.trim().is_empty()
    }
}

/// A choice of who can reply.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReplyChoice {
    pub(crate) value: &'static str,
    pub(crate) word: &'static str,
    pub(crate) is_chosen: bool,
}

const REPLY_CONTROLS: [(ReplyControl, &str); 4] = [
    (ReplyControl::Everyone, "Everyone"),
    (ReplyControl::AccountsYouFollow, "Accounts it follows"),
    (ReplyControl::MentionedOnly, "Only who is mentioned"),
    (ReplyControl::FollowersOnly, "Only followers"),
];

/// The form as it was typed, with what is wrong.
#[derive(Debug, Clone)]
pub(crate) struct ScheduleForm {
    /// Makes a second submission of the same form the same post.
    pub(crate) key: String,
    pub(crate) text: String,
    /// The parts after the first, if it is a thread.
    pub(crate) parts: Vec<PartRow>,
    pub(crate) due: String,
    pub(crate) media: Vec<MediaRow>,
    pub(crate) topic_tag: String,
    pub(crate) reply_control: String,
    pub(crate) zone: Zone,
    pub(crate) length: String,
    pub(crate) errors: FieldErrors,
    /// What speaks against the post, and has to be confirmed.
    pub(crate) warnings: Vec<String>,
    /// What was asked for when the warnings came up.
    pub(crate) action: String,
}

/// A form that can be scheduled.
#[derive(Debug, Clone)]
pub(crate) struct Composed {
    pub(crate) draft: Draft,
    pub(crate) due: Due,
    /// The key of the notice that tells what a person should know.
    pub(crate) notice: &'static str,
}

impl ScheduleForm {
    /// A form with nothing in it and a key of its own.
    pub(crate) fn empty(zone: Zone) -> Result<Self, Problem> {
        let mut form = Self::of_pairs(&[], zone);
        form.renew_key()?;
        Ok(form)
    }

    /// A form as it was sent.
    pub(crate) fn of_pairs(pairs: &[(String, String)], zone: Zone) -> Self {
        let all = |wanted: &str| -> Vec<String> {
            pairs
                .iter()
                .filter(|(name, _)| name == wanted)
                .map(|(_, value)| value.clone())
                .collect()
        };
        let one = |wanted: &str| all(wanted).into_iter().next().unwrap_or_default();
        // Browsers send line breaks as CR LF; people type one character.
        let text = one("text").replace("\r\n", "\n");
        let length = text_length(&text);
        let (kinds, alts) = (all("media_kind"), all("media_alt"));
        let media = all("media_url")
            .into_iter()
            .enumerate()
            .map(|(index, url)| MediaRow {
                number: 0,
                field: String::new(),
                url: url.trim().to_owned(),
                alt: alts.get(index).cloned().unwrap_or_default(),
                is_video: kinds.get(index).is_some_and(|kind| kind == "video"),
            })
            .filter(|row| !row.is_empty())
            .take(MOST_MEDIA + 1)
            .collect();
        let mut form = Self {
            key: one("key"),
            parts: parts::rows(all("part")),
            due: one("due"),
            media,
            topic_tag: one("topic_tag").trim().to_owned(),
            reply_control: one("reply_control"),
            zone,
            length: format!(
                "{} of 500 characters, {} bytes",
                length.code_points, length.bytes
            ),
            text,
            errors: FieldErrors::default(),
            warnings: Vec::new(),
            action: one("action"),
        };
        form.number_media();
        form
    }

    /// Gives the form another key: what comes next is another post.
    pub(crate) fn renew_key(&mut self) -> Result<(), Problem> {
        self.key = fresh_key()?;
        Ok(())
    }

    /// Fills up with empty rows for files.
    pub(crate) fn make_room(&mut self, wanted: usize) {
        let rows = wanted
            .max(MEDIA_ROWS)
            .max(self.media.len() + 1)
            .min(MOST_MEDIA);
        if self.media.len() < rows {
            self.media.resize_with(rows, MediaRow::default);
        }
        self.number_media();
    }

    fn number_media(&mut self) {
        for (index, row) in self.media.iter_mut().enumerate() {
            row.number = index + 1;
            row.field = format!("media-{}", row.number);
        }
    }

    pub(crate) fn has_media(&self) -> bool {
        self.errors.has("media")
            || self.media.len() > MEDIA_ROWS
            || self.media.iter().any(|row| !row.is_empty())
    }

    pub(crate) fn has_options(&self) -> bool {
        !self.topic_tag.is_empty() || !matches!(self.reply_control.as_str(), "" | "everyone")
    }

    pub(crate) fn reply_choices(&self) -> Vec<ReplyChoice> {
        REPLY_CONTROLS
            .into_iter()
            .map(|(control, word)| ReplyChoice {
                value: control.as_str(),
                word,
                is_chosen: control.as_str() == self.reply_control,
            })
            .collect()
    }

    /// The post that the form asks for; `None` leaves what is wrong in `errors`.
    pub(crate) fn compose(&mut self, now: DateTime<Utc>) -> Option<Composed> {
        let due = self.due(now);
        let draft = self.draft();
        if self.errors.any() {
            return None;
        }
        let ((due, is_first_of_two), draft) = (due?, draft?);
        let notice = if is_first_of_two {
            "scheduled-first"
        } else {
            match draft.warnings().as_slice() {
                [] => "scheduled",
                [DraftWarning::TextOverByteLimit { .. }] => "scheduled-long",
                _ => "scheduled-doubtful",
            }
        };
        Some(Composed { draft, due, notice })
    }

    /// The post for the queue, which has no time of its own.
    pub(crate) fn compose_queued(&mut self) -> Option<Draft> {
        let draft = self.draft();
        draft.filter(|_| !self.errors.any())
    }

    /// The draft, and its time if one was chosen.
    pub(crate) fn compose_draft(&mut self, now: DateTime<Utc>) -> Option<(Draft, Option<Due>)> {
        let due = if self.due.trim().is_empty() {
            None
        } else {
            self.due(now).map(|(due, _)| due)
        };
        let draft = self.compose_queued()?;
        Some((draft, due))
    }

    fn due(&mut self, now: DateTime<Utc>) -> Option<(Due, bool)> {
        let typed = self.due.trim().to_owned();
        if typed.is_empty() {
            self.errors.add("due", "Choose a date and a time.");
            return None;
        }
        let Some(time) = read_local(&typed) else {
            self.errors.add(
                "due",
                "This is not a date with a time. Write it like 2026-11-24T19:00.",
            );
            return None;
        };
        let zone = self.zone;
        let local = zone.instant(time);
        if let Some(LocalInstant::MovedForward(valid)) = local {
            self.errors.add(
                "due",
                format!(
                    "Clocks in {zone} are turned forward over this time, so it does not exist that day. The first valid time after it is filled in: {}. Send the form again to take it.",
                    Moment::new(valid, zone).text
                ),
            );
            self.due = zone.local(valid).format("%Y-%m-%dT%H:%M").to_string();
            return None;
        }
        let Some(instant) = local.map(LocalInstant::instant) else {
            self.errors.add("due", "This date is too far away.");
            return None;
        };
        if instant < now {
            self.errors.add(
                "due",
                format!(
                    "This time has passed: in {zone} it is {} ({}).",
                    zone.local(now).format("%-d %b %Y, %H:%M"),
                    zone_name(now, zone)
                ),
            );
            return None;
        }
        let is_first_of_two = matches!(local, Some(LocalInstant::First(_)));
        Some((Due::Local { time, zone }, is_first_of_two))
    }

    fn draft(&mut self) -> Option<Draft> {
        parts::check(&self.parts, &mut self.errors);
        let mut media = Vec::new();
        for row in &self.media {
            match Url::parse(&row.url) {
                Ok(url) => {
                    let item = if row.is_video {
                        Media::video(url)
                    } else {
                        Media::image(url)
                    };
                    media.push(match row.alt.trim() {
                        "" => item,
                        alt => item.alt_text(alt),
                    });
                }
                Err(_) if row.url.is_empty() => self
                    .errors
                    .add(&row.field, "There is a description, but no address."),
                Err(_) => self.errors.add(
                    &row.field,
                    "This is not a web address. Write it like https://example.org/photo.jpg.",
                ),
            }
        }
        if self.media.len() > MOST_MEDIA {
            self.errors.add("media", "A carousel has at most 20 files.");
        }
        let mut draft = match NonZeroUsize::new(media.len()).map(NonZeroUsize::get) {
            None => Draft::text(&*self.text),
            Some(1) => {
                let item = media.pop()?;
                let draft = match item.kind {
                    threads_client::MediaKind::Image => Draft::image(item.url),
                    threads_client::MediaKind::Video => Draft::video(item.url),
                };
                match item.alt_text {
                    Some(alt) => draft.alt_text(alt),
                    None => draft,
                }
            }
            Some(_) => Draft::carousel(media),
        };
        if !self.text.trim().is_empty() {
            draft = draft.with_text(&*self.text);
        }
        if !self.topic_tag.is_empty() {
            draft = draft.topic_tag(&*self.topic_tag);
        }
        match REPLY_CONTROLS
            .into_iter()
            .find(|(control, _)| control.as_str() == self.reply_control)
        {
            Some((ReplyControl::Everyone, _)) => {}
            Some((control, _)) => draft = draft.reply_control(control),
            None if self.reply_control.is_empty() => {}
            None => self
                .errors
                .add("form", "Choose one of the listed answers to who can reply."),
        }
        if let Err(error) = draft.validate() {
            self.refuse(&error);
        }
        Some(draft)
    }

    /// All parts of a thread; one if it is a post.
    pub(crate) fn with_parts(&self, first: Draft) -> Vec<Draft> {
        let others = self.parts.iter().filter_map(PartRow::draft);
        std::iter::once(first).chain(others).collect()
    }

    /// Puts what Meta would refuse next to the field that it is about.
    pub(crate) fn refuse(&mut self, error: &DraftError) {
        let field = match error.field.as_str() {
            "text" => "text".to_owned(),
            "topic_tag" => "topic_tag".to_owned(),
            "media" => "media".to_owned(),
            "media.url" | "alt_text" => "media-1".to_owned(),
            path => path
                .strip_prefix("media[")
                .and_then(|rest| rest.split(']').next())
                .and_then(|index| index.parse::<usize>().ok())
                .map_or_else(|| "form".to_owned(), |index| format!("media-{}", index + 1)),
        };
        let field = if field.starts_with("media-") && self.media.is_empty() {
            "media".to_owned()
        } else {
            field
        };
        self.errors.add(field, capitalised(&error.rule.to_string()));
    }
}

/// A key by which a second submission of a form is known.
pub(crate) fn fresh_key() -> Result<String, Problem> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| Problem::internal())?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// A wall-clock time as browsers send it, with or without seconds.
pub(crate) fn read_local(text: &str) -> Option<NaiveDateTime> {
    ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
}

#[cfg(test)]
mod tests {
    use threads_client::DraftContent;

    use super::*;

    fn form(fields: &[(&str, &str)], zone: &str) -> ScheduleForm {
        let pairs: Vec<(String, String)> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        ScheduleForm::of_pairs(&pairs, zone.parse().unwrap())
    }

    fn now() -> DateTime<Utc> {
        "2026-06-01T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_whole_form_becomes_a_draft_and_a_local_time() {
        let mut form = form(
            &[
                ("text", "Halo\r\ndunia"),
                ("due", "2026-06-02T19:00"),
                ("topic_tag", "kopi"),
                ("reply_control", "mentioned_only"),
            ],
            "Asia/Jakarta",
        );

        let composed = form.compose(now()).unwrap();

        assert_eq!(composed.draft.text.as_deref(), Some("Halo\ndunia"));
        assert_eq!(composed.draft.topic_tag.as_deref(), Some("kopi"));
        assert_eq!(
            composed.draft.reply_control,
            Some(ReplyControl::MentionedOnly)
        );
        assert!(matches!(
            composed.due,
            Due::Local { time, zone }
                if time.to_string() == "2026-06-02 19:00:00" && zone.name() == "Asia/Jakarta"
        ));
    }

    #[test]
    fn files_become_an_image_or_a_carousel_in_their_order() {
        let due = ("due", "2026-06-02T19:00");
        let single = form(
            &[
                due,
                ("media_url", "https://a.example/1.jpg"),
                ("media_kind", "image"),
                ("media_alt", "A cup"),
            ],
            "UTC",
        )
        .compose(now())
        .unwrap();
        let carousel = form(
            &[
                due,
                ("media_url", "https://a.example/1.jpg"),
                ("media_kind", "image"),
                ("media_alt", ""),
                ("media_url", ""),
                ("media_kind", "image"),
                ("media_alt", ""),
                ("media_url", "https://a.example/2.mp4"),
                ("media_kind", "video"),
                ("media_alt", "Steam"),
            ],
            "UTC",
        )
        .compose(now())
        .unwrap();

        assert!(matches!(single.draft.content, DraftContent::Single(_)));
        assert_eq!(single.draft.alt_text.as_deref(), Some("A cup"));
        let DraftContent::Carousel(items) = carousel.draft.content else {
            panic!("not a carousel");
        };
        assert_eq!(items[1].url.as_str(), "https://a.example/2.mp4");
        assert_eq!(items[1].alt_text.as_deref(), Some("Steam"));
    }

    #[test]
    fn a_time_that_clocks_skip_is_refused_with_the_next_valid_one() {
        let mut form = form(
            &[("text", "x"), ("due", "2027-03-14T02:30")],
            "America/New_York",
        );

        assert!(form.compose(now()).is_none());

        assert!(form.errors.of("due")[0].contains("14 Mar 2027, 03:00 EDT"));
        assert_eq!(form.due, "2027-03-14T03:00");
    }

    #[test]
    fn a_time_that_comes_twice_is_told() {
        let mut form = form(
            &[("text", "x"), ("due", "2026-11-01T01:30")],
            "America/New_York",
        );

        assert_eq!(form.compose(now()).unwrap().notice, "scheduled-first");
    }

    #[test]
    fn a_time_that_has_passed_is_refused() {
        let mut form = form(
            &[("text", "x"), ("due", "2026-06-01T18:59")],
            "Asia/Jakarta",
        );

        assert!(form.compose(now()).is_none());
        assert!(
            form.errors.of("due")[0].contains("19:00"),
            "{:?}",
            form.errors
        );
    }

    #[test]
    fn everything_wrong_is_told_at_once_at_its_field() {
        let long = "x".repeat(501);
        let mut form = form(
            &[
                ("text", &long),
                ("due", "tomorrow"),
                ("media_url", "not an address"),
            ],
            "UTC",
        );

        assert!(form.compose(now()).is_none());

        for field in ["text", "due", "media-1"] {
            assert!(form.errors.has(field), "{field}: {:?}", form.errors);
        }
        assert_eq!(form.text, long);
    }

    #[test]
    fn an_empty_form_says_what_is_missing() {
        let mut form = form(&[], "UTC");

        assert!(form.compose(now()).is_none());
        assert!(form.errors.has("text") && form.errors.has("due"));
    }

    #[test]
    fn bytes_beyond_the_limit_warn_and_do_not_refuse() {
        let text = "é".repeat(300);
        let mut form = form(&[("text", &text), ("due", "2026-06-02T19:00")], "UTC");

        assert_eq!(form.compose(now()).unwrap().notice, "scheduled-long");
        assert_eq!(form.length, "300 of 500 characters, 600 bytes");
    }

    #[test]
    fn an_address_that_meta_can_hardly_fetch_warns_and_does_not_refuse() {
        let image = [
            ("text", "x"),
            ("due", "2026-06-02T19:00"),
            ("media_url", "http://localhost/1.jpg"),
        ];

        let notice = form(&image, "UTC").compose(now()).unwrap().notice;

        assert_eq!(notice, "scheduled-doubtful");
    }

    #[test]
    fn two_empty_forms_have_different_keys() {
        let key = || ScheduleForm::empty(Zone::UTC).unwrap().key;

        assert_ne!(key(), key());
    }
}
