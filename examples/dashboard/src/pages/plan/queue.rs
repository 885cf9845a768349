//! The queue of an account: its times, and the form that chooses them.

use std::sync::Arc;

use axum::extract::{Path, RawForm, State};
use axum::response::{IntoResponse, Redirect, Response};
use threads_client::UserId;
use threads_monitor::Zone;
use threads_monitor::planning::{PostingPlan, QueueTime, Slot};

use super::repeated::{DAYS, number, times as read_times};
use super::{Refused, again, one, told};
use crate::app::AppState;
use crate::fields::pairs;
use crate::format::Moment;
use crate::problem::{Problem, capitalised};

/// A time of the queue.
pub(super) struct TimeView {
    pub(super) at: Moment,
    pub(super) is_free: bool,
}

/// The form as it was typed, with what is wrong.
pub(super) struct QueueForm {
    pub(super) days: Vec<DayTimes>,
    pub(super) spacing: String,
    pub(super) duplicate_days: String,
    pub(super) error: Option<String>,
}

/// The times of one day of the week.
pub(super) struct DayTimes {
    pub(super) day: String,
    pub(super) times: String,
}

pub(super) fn times(times: &[QueueTime], zone: Zone) -> Vec<TimeView> {
    times
        .iter()
        .map(|time| TimeView {
            at: Moment::new(time.at, zone),
            is_free: time.is_free,
        })
        .collect()
}

impl QueueForm {
    pub(super) fn of(plan: &PostingPlan) -> Self {
        let days = DAYS.iter().map(|day| {
            let mut times: Vec<_> = plan
                .slots
                .iter()
                .filter(|slot| slot.day == *day)
                .map(|slot| slot.time)
                .collect();
            times.sort_unstable();
            let times: Vec<String> = times
                .iter()
                .map(|time| time.format("%H:%M").to_string())
                .collect();
            DayTimes {
                day: day.to_string(),
                times: times.join(", "),
            }
        });
        Self {
            days: days.collect(),
            spacing: plan.spacing_minutes.to_string(),
            duplicate_days: plan.duplicate_days.to_string(),
            error: None,
        }
    }

    fn of_pairs(pairs: &[(String, String)]) -> Self {
        Self {
            days: DAYS
                .iter()
                .map(|day| DayTimes {
                    day: day.to_string(),
                    times: one(pairs, &day.to_string()),
                })
                .collect(),
            spacing: one(pairs, "spacing"),
            duplicate_days: one(pairs, "duplicate_days"),
            error: None,
        }
    }

    fn plan(&self, zone: Zone) -> Result<PostingPlan, String> {
        let mut plan = PostingPlan::new(zone);
        for (day, typed) in DAYS.iter().zip(&self.days) {
            let times = read_times(&typed.times)?;
            plan.slots
                .extend(times.into_iter().map(|time| Slot { day: *day, time }));
        }
        plan.spacing_minutes = number(&self.spacing, "the gap between posts")?;
        plan.duplicate_days = number(&self.duplicate_days, "the time for duplicates")?;
        Ok(plan)
    }
}

pub(crate) async fn save(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> Result<Response, Problem> {
    state.accept_changes()?;
    let monitor = &state.settings.monitor;
    let account = crate::pages::account(monitor, &UserId::new(id)).await?;
    let mut form = QueueForm::of_pairs(&pairs(&body));
    let error = match form.plan(account.zone) {
        Ok(plan) => match monitor.set_posting_plan(&account.user, &plan).await {
            Ok(()) => {
                let address = format!("/accounts/{}/plan?notice=queue", account.user);
                return Ok(Redirect::to(&address).into_response());
            }
            Err(error) => told(error)?,
        },
        Err(error) => error,
    };
    form.error = Some(capitalised(&error));
    let refused = Refused {
        queue: Some(form),
        ..Refused::default()
    };
    again(&state, &account, refused).await
}
