//! An amount in each day.

use std::fmt::Write;

use chrono::NaiveDate;

use super::paper::{
    self, BOTTOM, Escaped, LEFT, RIGHT, TOP, Tenths, Words, count, describe, measured, reading, row,
};
use super::scale::{Axis, proportion};
use crate::trends::Day;

/// Bars of one number a day, from zero.
#[derive(Debug, Clone, Copy)]
pub struct BarChart<'a> {
    /// Begins the ids of title and description; unlike any other on the page.
    pub id: &'a str,
    /// The chart's name, as "Views".
    pub title: &'a str,
    /// What a reader must know besides the facts, which are added.
    pub description: &'a str,
    /// What is counted, in the plural, as "views".
    pub unit: &'a str,
    /// The days, in order, none left out; a day without a reading has no point.
    pub days: &'a [Day],
    /// From this day on the numbers may still change; drawn lighter.
    pub provisional_from: Option<NaiveDate>,
}

/// Draws bars: zero is a line on the axis, a missing day an empty, marked place.
pub fn bars(chart: &BarChart<'_>) -> String {
    let words = Words {
        id: chart.id,
        title: chart.title,
        description: chart.description,
        unit: chart.unit,
    };
    let points = measured(chart.days);
    let axis = points
        .iter()
        .map(|point| point.value)
        .max()
        .map(Axis::from_zero);
    let mut svg = String::with_capacity(1_500 + points.len() * 150);
    paper::open(
        &mut svg,
        "threads-chart-bars",
        &words,
        &describe(&words, chart.days, axis),
    );
    if let Some(axis) = axis {
        let slots = Slots::of(chart.days.len());
        paper::grid(&mut svg, axis);
        paper::dates(&mut svg, chart.days, |index| slots.label(index));
        for (index, day) in chart.days.iter().enumerate() {
            let (left, width) = slots.bar(index);
            let Some(point) = points.iter().find(|point| point.index == index) else {
                let _ = write!(
                    svg,
                    "<rect class=\"threads-chart-missing\" x=\"{}\" y=\"{}\" width=\"{}\" \
                     height=\"{}\" fill=\"#999\" fill-opacity=\"0.15\"><title>{}: not \
                     measured</title></rect>",
                    Tenths(left),
                    Tenths(TOP),
                    Tenths(width),
                    Tenths(BOTTOM - TOP),
                    paper::long_date(day.date),
                );
                continue;
            };
            let open = chart.provisional_from.is_some_and(|from| day.date >= from);
            let class = if open {
                "threads-chart-bar threads-chart-open"
            } else {
                "threads-chart-bar"
            };
            // A measured zero still shows, as a hair on the axis.
            let top = row(axis, point.value).min(BOTTOM - 10);
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" \
                 fill=\"#0f766e\"{}><title>{}{}</title></rect>",
                Tenths(left),
                Tenths(top),
                Tenths(width),
                Tenths(BOTTOM - top),
                if open { " fill-opacity=\"0.45\"" } else { "" },
                Escaped(&reading(point, chart.unit)),
                if open { " so far" } else { "" },
            );
        }
    } else {
        paper::nothing(&mut svg);
    }
    svg.push_str("</svg>");
    svg
}

/// The places of the bars: one slot a day, a bar in most of it.
struct Slots {
    days: usize,
    width: u32,
}

impl Slots {
    fn of(days: usize) -> Self {
        let slot = proportion(1, count(days), RIGHT - LEFT);
        // Few days must not become walls.
        let width = (slot * 7 / 10).clamp(4, 400);
        Self { days, width }
    }

    fn middle(&self, index: usize) -> u32 {
        LEFT + proportion(count(index) * 2 + 1, count(self.days) * 2, RIGHT - LEFT)
    }

    fn bar(&self, index: usize) -> (u32, u32) {
        (self.middle(index) - self.width / 2, self.width)
    }

    fn label(&self, index: usize) -> u32 {
        match index {
            0 if self.days > 1 => LEFT,
            last if self.days > 1 && last + 1 == self.days => RIGHT,
            _ => self.middle(index),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::snapshot_store::Source;
    use crate::trends::Point;

    fn drawn(values: &[Option<u64>], provisional_from: Option<&str>) -> String {
        let first: NaiveDate = "2026-11-01".parse().unwrap();
        let days: Vec<Day> = first
            .iter_days()
            .zip(values)
            .map(|(date, value)| {
                let at: DateTime<Utc> = date.and_hms_opt(8, 0, 0).unwrap().and_utc();
                Day {
                    date,
                    point: value.map(|value| Point {
                        at,
                        captured_at: at,
                        value,
                        source: Source::Insights,
                    }),
                }
            })
            .collect();
        bars(&BarChart {
            id: "views",
            title: "Views",
            description: "",
            unit: "views",
            days: &days,
            provisional_from: provisional_from.map(|date| date.parse().unwrap()),
        })
    }

    #[test]
    fn zero_is_a_bar_and_a_missing_day_is_none() {
        let svg = drawn(&[Some(0), None, Some(40)], None);

        assert_eq!(svg.matches("\"threads-chart-bar\"").count(), 2);
        assert_eq!(svg.matches("threads-chart-missing").count(), 1);
        assert!(svg.contains("Sun 1 Nov 2026: 0 views"));
        assert!(svg.contains("2 Nov 2026: not measured"));
    }

    #[test]
    fn bars_always_start_at_zero() {
        let svg = drawn(&[Some(12_000), Some(12_480)], None);

        assert!(svg.contains(">0</text>"), "{svg}");
        assert!(!svg.contains("axis starts at"));
    }

    #[test]
    fn days_that_still_change_are_lighter_and_say_so() {
        let svg = drawn(&[Some(5), Some(6), Some(2)], Some("2026-11-02"));

        assert_eq!(svg.matches("threads-chart-open").count(), 2);
        assert!(
            svg.contains("Tue 3 Nov 2026: 2 views so far")
                || svg.contains("3 Nov 2026: 2 views so far")
        );
    }

    #[test]
    fn bars_stay_inside_of_the_drawing() {
        for days in [1, 7, 30, 366] {
            let svg = drawn(&vec![Some(9); days], None);

            let rights = svg.split("<rect ").skip(1).map(|rect| {
                let number = |name: &str| -> f64 {
                    let rest = rect.split_once(name).unwrap().1;
                    rest.split('"').next().unwrap().parse().unwrap()
                };
                number(" x=\"") + number(" width=\"")
            });

            assert!(rights.fold(0.0, f64::max) <= 720.0, "{days} days");
        }
    }
}
