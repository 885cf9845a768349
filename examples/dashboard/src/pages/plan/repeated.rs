//! Repeated posts: the list, the form, the end.

use std::sync::Arc;

use axum::extract::{Path, RawForm, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{NaiveDate, NaiveTime, Weekday};
use threads_client::{Draft, UserId};
use threads_monitor::planning::{Every, NewSeries, Repeat, RepeatedPost, ShortMonth};
use threads_monitor::{MonitorError, Zone};

use super::{Refused, again, one, told, typed_text};
use crate::app::AppState;
use crate::compose::fresh_key;
use crate::fields::pairs;
use crate::format::{Moment, date, shortened};
use crate::problem::{Problem, capitalised};

/// Upcoming times that are shown of each.
const UPCOMING: usize = 3;

pub(super) const DAYS: [Weekday; 7] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
    Weekday::Sat,
    Weekday::Sun,
];

/// A repeated post in the list.
pub(super) struct SeriesView {
    pub(super) id: String,
    pub(super) text: String,
    pub(super) rule: String,
    pub(super) upcoming: Vec<Moment>,
    pub(super) so_far: String,
    pub(super) missed: Option<Moment>,
    pub(super) ended: Option<Moment>,
}

/// The form as it was typed, with what is wrong.
pub(super) struct RepeatForm {
    pub(super) key: String,
    pub(super) text: String,
    pub(super) every: String,
    pub(super) interval: String,
    pub(super) days: Vec<DayChoice>,
    pub(super) day: String,
    pub(super) skips: bool,
    pub(super) times: String,
    pub(super) first: String,
    pub(super) last: String,
    pub(super) count: String,
    pub(super) error: Option<String>,
}

pub(super) struct DayChoice {
    pub(super) value: String,
    pub(super) is_chosen: bool,
}

/// Those that go on first, and in their order.
pub(super) fn views(series: &[RepeatedPost], zone: Zone) -> Vec<SeriesView> {
    let mut views: Vec<_> = series.iter().map(|repeated| view(repeated, zone)).collect();
    views.sort_by_key(|view| view.ended.is_some());
    views
}

fn view(repeated: &RepeatedPost, zone: Zone) -> SeriesView {
    let series = &repeated.series;
    let text = series.draft.text.as_deref().unwrap_or("(no text)");
    let made = match series.made {
        0 => "Nothing was made of it yet".to_owned(),
        1 => "1 post was made of it".to_owned(),
        made => format!("{made} posts were made of it"),
    };
    SeriesView {
        id: repeated.id.to_string(),
        text: shortened(text, 140),
        rule: in_words(&series.repeat),
        upcoming: series
            .upcoming()
            .take(UPCOMING)
            .map(|occurrence| Moment::new(occurrence.at(), series.repeat.zone))
            .collect(),
        so_far: match series.missed {
            0 => made,
            missed => format!("{made}, {missed} missed because nothing ran at their time"),
        },
        missed: series.last_missed_at.map(|at| Moment::new(at, zone)),
        ended: series.ended_at.map(|at| Moment::new(at, zone)),
    }
}

/// A rule as a person would say it.
fn in_words(repeat: &Repeat) -> String {
    let every = |unit: &str| match repeat.interval {
        1 => format!("Every {unit}"),
        interval => format!("Every {interval} {unit}s"),
    };
    let days = match &repeat.every {
        Every::Day => every("day"),
        Every::Week { days } => {
            let names: Vec<String> = days.iter().map(ToString::to_string).collect();
            format!("{} on {}", every("week"), names.join(", "))
        }
        Every::Month { day, short } => {
            let short = match (short, *day > 28) {
                (_, false) => "",
                (ShortMonth::LastDay, true) => " or the last one",
                (ShortMonth::Skip, true) => ", where there is one",
            };
            format!("{} on day {day}{short}", every("month"))
        }
        _ => "By another rule".to_owned(),
    };
    let times: Vec<String> = repeat
        .times
        .iter()
        .map(|time| time.format("%H:%M").to_string())
        .collect();
    let until = repeat
        .last
        .map(|last| format!(", until {}", date(last)))
        .unwrap_or_default();
    let count = repeat
        .count
        .map(|count| format!(", {count} times"))
        .unwrap_or_default();
    format!(
        "{days}, at {} in {}{until}{count}",
        times.join(", "),
        repeat.zone
    )
}

impl RepeatForm {
    pub(super) fn empty(today: NaiveDate) -> Result<Self, Problem> {
        let mut form = Self::of_pairs(&[]);
        form.key = fresh_key()?;
        "week".clone_into(&mut form.every);
        "1".clone_into(&mut form.interval);
        form.first = today.to_string();
        Ok(form)
    }

    fn of_pairs(pairs: &[(String, String)]) -> Self {
        let is_chosen = |day: &str| {
            let chosen = |(name, value): &(String, String)| name == "days" && value == day;
            pairs.iter().any(chosen)
        };
        Self {
            key: one(pairs, "key"),
            text: typed_text(pairs),
            every: one(pairs, "every"),
            interval: one(pairs, "interval"),
            days: DAYS
                .iter()
                .map(|day| DayChoice {
                    value: day.to_string(),
                    is_chosen: is_chosen(&day.to_string()),
                })
                .collect(),
            day: one(pairs, "day"),
            skips: one(pairs, "short") == "skip",
            times: one(pairs, "times"),
            first: one(pairs, "first"),
            last: one(pairs, "last"),
            count: one(pairs, "count"),
            error: None,
        }
    }

    fn series(&self, account: &UserId, zone: Zone) -> Result<NewSeries, String> {
        let every = match self.every.as_str() {
            "day" => Every::Day,
            "week" => Every::Week {
                days: self
                    .days
                    .iter()
                    .filter(|day| day.is_chosen)
                    .filter_map(|day| day.value.parse().ok())
                    .collect(),
            },
            "month" => Every::Month {
                day: number(&self.day, "the day of the month")?,
                short: if self.skips {
                    ShortMonth::Skip
                } else {
                    ShortMonth::LastDay
                },
            },
            _ => return Err("Choose days, weeks or months.".to_owned()),
        };
        let times = times(&self.times)?;
        let Some(first_time) = times.first() else {
            return Err("Name a time of the day, like 08:00.".to_owned());
        };
        let mut repeat = Repeat::new(zone, every, *first_time, day(&self.first)?);
        repeat.times = times;
        repeat.interval = number(&self.interval, "the interval")?;
        if !self.last.is_empty() {
            repeat.last = Some(day(&self.last)?);
        }
        if !self.count.is_empty() {
            repeat.count = Some(number(&self.count, "the number of times")?);
        }
        let mut series = NewSeries::new(account.clone(), Draft::text(&*self.text), repeat);
        // Without a key every submission is a series of its own, as with any plain client.
        series.idempotency_key = (!self.key.is_empty()).then(|| format!("form-{}", self.key));
        Ok(series)
    }
}

pub(super) fn times(text: &str) -> Result<Vec<NaiveTime>, String> {
    text.split([',', ' ', ';'])
        .filter(|time| !time.is_empty())
        .map(|time| {
            NaiveTime::parse_from_str(time, "%H:%M")
                .map_err(|_| format!("“{time}” is not a time. Write it like 08:00."))
        })
        .collect()
}

fn day(text: &str) -> Result<NaiveDate, String> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map_err(|_| format!("“{text}” is not a date. Write it like 2026-11-24."))
}

pub(super) fn number(text: &str, what: &str) -> Result<u32, String> {
    text.parse()
        .map_err(|_| format!("“{text}” is not a number: {what} needs one."))
}

pub(crate) async fn add(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> Result<Response, Problem> {
    state.accept_changes()?;
    let monitor = &state.settings.monitor;
    let account = crate::pages::account(monitor, &UserId::new(id)).await?;
    let mut form = RepeatForm::of_pairs(&pairs(&body));
    let error = match form.series(&account.user, account.zone) {
        Ok(series) => match monitor.repeat(series).await {
            Ok(_) => {
                let address = format!("/accounts/{}/plan?notice=repeated", account.user);
                return Ok(Redirect::to(&address).into_response());
            }
            Err(MonitorError::Store(threads_monitor::StoreError::Conflict { .. })) => {
                form.key = fresh_key()?;
                "This form was already used for another repeated post. Send it again to add this one, too.".to_owned()
            }
            Err(error) => told(error)?,
        },
        Err(error) => error,
    };
    form.error = Some(capitalised(&error));
    let refused = Refused {
        repeat: Some(form),
        ..Refused::default()
    };
    again(&state, &account, refused).await
}

pub(crate) async fn end(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Redirect, Problem> {
    state.accept_changes()?;
    let id = id.parse().map_err(|_| Problem::not_found())?;
    let ended = state.settings.monitor.end_repeated(&id).await?;
    let address = format!("/accounts/{}/plan?notice=repeat-ended", ended.account);
    Ok(Redirect::to(&address))
}
