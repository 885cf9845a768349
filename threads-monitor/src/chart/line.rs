//! A level over time.

use std::fmt::Write;

use super::paper::{
    self, BOTTOM, Escaped, Measured, Tenths, Words, column, count, describe, measured, reading, row,
};
use super::scale::{Axis, proportion};
use crate::trends::Day;

/// Where the vertical axis of a line starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Baseline {
    /// Near the data, where that does not exaggerate; for a level such as followers.
    ///
    /// The axis then spans at least a twentieth of the highest value, and the chart
    /// says where it starts.
    #[default]
    Data,
    /// At zero.
    Zero,
}

/// A line of one number a day.
#[derive(Debug, Clone, Copy)]
pub struct LineChart<'a> {
    /// Begins the ids of title and description; unlike any other on the page.
    pub id: &'a str,
    /// The chart's name, as "Followers".
    pub title: &'a str,
    /// What a reader must know besides the facts, which are added.
    pub description: &'a str,
    /// What is counted, in the plural, as "followers".
    pub unit: &'a str,
    /// The days, in order, none left out; a day without a reading has no point.
    pub days: &'a [Day],
    /// Where the vertical axis starts.
    pub baseline: Baseline,
}

/// Draws a line: a mark where there is a reading, dashes across missing days.
///
/// ```
/// use threads_monitor::chart::{self, Baseline, LineChart};
///
/// let svg = chart::line(&LineChart {
///     id: "followers",
///     title: "Followers",
///     description: "",
///     unit: "followers",
///     days: &[],
///     baseline: Baseline::Data,
/// });
/// assert!(svg.contains("Not measured yet"));
/// ```
pub fn line(chart: &LineChart<'_>) -> String {
    let words = Words {
        id: chart.id,
        title: chart.title,
        description: chart.description,
        unit: chart.unit,
    };
    let points = measured(chart.days);
    let axis = extent(&points).map(|(lowest, highest)| match chart.baseline {
        Baseline::Data => Axis::around(lowest, highest),
        Baseline::Zero => Axis::from_zero(highest),
    });
    let mut svg = String::with_capacity(1_500 + points.len() * 130);
    paper::open(
        &mut svg,
        "threads-chart-lines",
        &words,
        &describe(&words, chart.days, axis),
    );
    if let Some(axis) = axis {
        let place = |index| column(index, chart.days.len());
        paper::grid(&mut svg, axis);
        paper::dates(&mut svg, chart.days, place);
        bridges(&mut svg, &points, |point| {
            (place(point.index), row(axis, point.value))
        });
        strokes(&mut svg, &points, |point| {
            (place(point.index), row(axis, point.value))
        });
        // Marks stay apart from each other up to about this many.
        let radius = if chart.days.len() <= 120 { 26 } else { 14 };
        for point in &points {
            let _ = write!(
                svg,
                "<circle class=\"threads-chart-point\" cx=\"{}\" cy=\"{}\" r=\"{}\" \
                 fill=\"#0f766e\"><title>{}</title></circle>",
                Tenths(place(point.index)),
                Tenths(row(axis, point.value)),
                Tenths(radius),
                Escaped(&reading(point, chart.unit)),
            );
        }
    } else {
        paper::nothing(&mut svg);
    }
    svg.push_str("</svg>");
    svg
}

/// Draws the course of a line without axes, to stand beside a number.
///
/// The title says first and last value, because the drawing alone tells no size.
pub fn sparkline(title: &str, days: &[Day]) -> String {
    const WIDTH: u32 = 1_200;
    const HEIGHT: u32 = 320;
    const EDGE: u32 = 30;
    let points = measured(days);
    let mut svg = String::with_capacity(300 + points.len() * 12);
    let said = match (points.first(), points.last()) {
        (Some(first), Some(last)) => format!(
            "{title}: {} on {}, {} on {}",
            paper::Grouped(first.value),
            paper::long_date(first.date),
            paper::Grouped(last.value),
            paper::long_date(last.date),
        ),
        _ => format!("{title}: not measured yet"),
    };
    let _ = write!(
        svg,
        "<svg class=\"threads-chart threads-chart-spark\" viewBox=\"0 0 {} {}\" role=\"img\" \
         xmlns=\"http://www.w3.org/2000/svg\"><title>{}</title>",
        Tenths(WIDTH),
        Tenths(HEIGHT),
        Escaped(&said),
    );
    if let Some((lowest, highest)) = extent(&points) {
        let axis = Axis::around(lowest, highest);
        let place = |point: &Measured| {
            let last = days.len().saturating_sub(1);
            let x = EDGE + proportion(count(point.index), count(last), WIDTH - 2 * EDGE);
            let y = HEIGHT - EDGE - axis.place(point.value, HEIGHT - 2 * EDGE);
            (x, y)
        };
        bridges(&mut svg, &points, place);
        strokes(&mut svg, &points, place);
        if let Some((x, y)) = points.last().map(place) {
            let _ = write!(
                svg,
                "<circle class=\"threads-chart-point\" cx=\"{}\" cy=\"{}\" r=\"2.2\" \
                 fill=\"#0f766e\"/>",
                Tenths(x),
                Tenths(y)
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

fn extent(points: &[Measured]) -> Option<(u64, u64)> {
    let lowest = points.iter().map(|point| point.value).min()?;
    let highest = points.iter().map(|point| point.value).max()?;
    Some((lowest, highest))
}

/// One solid stroke for each run of days without a gap.
fn strokes(svg: &mut String, points: &[Measured], place: impl Fn(&Measured) -> (u32, u32)) {
    for run in points.chunk_by(|one, next| one.index + 1 == next.index) {
        if run.len() < 2 {
            continue;
        }
        let _ = write!(
            svg,
            "<polyline class=\"threads-chart-line\" fill=\"none\" stroke=\"#0f766e\" \
             stroke-width=\"2\" stroke-linejoin=\"round\" points=\""
        );
        for (index, point) in run.iter().enumerate() {
            let (x, y) = place(point);
            let space = if index == 0 { "" } else { " " };
            let _ = write!(svg, "{space}{},{}", Tenths(x), Tenths(y));
        }
        svg.push_str("\"/>");
    }
}

/// A dashed stroke across each run of missing days.
fn bridges(svg: &mut String, points: &[Measured], place: impl Fn(&Measured) -> (u32, u32)) {
    for pair in points.windows(2) {
        let [before, after] = pair else { continue };
        if before.index + 1 == after.index {
            continue;
        }
        let ((x1, y1), (x2, y2)) = (place(before), place(after));
        let _ = write!(
            svg,
            "<line class=\"threads-chart-gap\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" \
             stroke=\"#0f766e\" stroke-width=\"2\" stroke-dasharray=\"2 5\"/>",
            Tenths(x1),
            Tenths(y1),
            Tenths(x2),
            Tenths(y2.min(BOTTOM)),
        );
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveDate, Utc};

    use super::*;
    use crate::snapshot_store::Source;
    use crate::trends::Point;

    fn days(values: &[Option<u64>]) -> Vec<Day> {
        let first: NaiveDate = "2026-11-01".parse().unwrap();
        first
            .iter_days()
            .zip(values)
            .map(|(date, value)| {
                let at: DateTime<Utc> = date.and_hms_opt(12, 0, 0).unwrap().and_utc();
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
            .collect()
    }

    fn drawn(values: &[Option<u64>]) -> String {
        line(&LineChart {
            id: "followers",
            title: "Followers of <b>",
            description: "Days in Jakarta.",
            unit: "followers",
            days: &days(values),
            baseline: Baseline::Data,
        })
    }

    #[test]
    fn every_measurement_has_one_mark_that_says_its_value() {
        let svg = drawn(&[Some(1_200), Some(1_210), Some(1_190)]);

        assert_eq!(svg.matches("<circle").count(), 3);
        assert!(svg.contains("<title>Mon 2 Nov 2026: 1,210 followers</title>"));
    }

    #[test]
    fn a_missing_day_has_no_mark_and_is_crossed_by_dashes() {
        let svg = drawn(&[Some(10), Some(11), None, None, Some(14), Some(15)]);

        assert_eq!(svg.matches("<circle").count(), 4);
        assert_eq!(svg.matches("threads-chart-gap").count(), 1);
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert!(svg.contains("4 of 6 days measured"));
    }

    #[test]
    fn a_measured_zero_is_drawn_and_a_missing_day_is_not() {
        let zero = drawn(&[Some(0), Some(0)]);
        let missing = drawn(&[None, None]);

        assert_eq!(zero.matches("<circle").count(), 2);
        assert!(!zero.contains("Not measured yet"));
        assert_eq!(missing.matches("<circle").count(), 0);
        assert!(missing.contains("Not measured yet"));
    }

    #[test]
    fn missing_days_at_the_ends_are_left_blank() {
        let svg = drawn(&[None, Some(10), Some(11), None]);

        assert_eq!(svg.matches("threads-chart-gap").count(), 0);
        assert_eq!(svg.matches("<polyline").count(), 1);
    }

    #[test]
    fn an_axis_that_does_not_start_at_zero_is_said_to() {
        let cut = drawn(&[Some(12_000), Some(12_480)]);
        let whole = drawn(&[Some(1), Some(58)]);

        assert!(cut.contains("The vertical axis starts at"), "{cut}");
        assert!(!whole.contains("The vertical axis starts at"), "{whole}");
    }

    #[test]
    fn a_chart_has_a_name_a_description_and_no_style_or_script() {
        let svg = drawn(&[Some(10), None, Some(11)]);

        assert!(svg.contains("role=\"img\""));
        assert!(svg.contains("<title id=\"followers-title\">Followers of &lt;b&gt;</title>"));
        assert!(svg.contains("<desc id=\"followers-desc\">Days in Jakarta. 1 Nov 2026 to"));
        for forbidden in ["style=", "<style", "<script", "onload", "href"] {
            assert!(!svg.contains(forbidden), "{forbidden}");
        }
    }

    #[test]
    fn a_single_day_and_a_whole_year_can_be_drawn() {
        let single = drawn(&[Some(7)]);
        let year = drawn(&vec![Some(7_000); 366]);

        assert_eq!(single.matches("<circle").count(), 1);
        assert!(year.contains("Nov 2026</text>"), "labels by month");
        assert!(year.len() < 64 * 1024, "{}", year.len());
    }

    #[test]
    fn higher_values_are_higher_up() {
        let svg = drawn(&[Some(100), Some(200)]);

        let heights: Vec<f64> = svg
            .split("cy=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap().parse().unwrap())
            .collect();

        assert!(heights[0] > heights[1], "{heights:?}");
    }

    #[test]
    fn a_sparkline_says_its_first_and_last_value() {
        let svg = sparkline("Views", &days(&[Some(3), None, Some(1_500)]));

        assert!(svg.contains("Views: 3 on 1 Nov 2026, 1,500 on 3 Nov 2026"));
        assert_eq!(svg.matches("threads-chart-gap").count(), 1);
        assert!(sparkline("Views", &[]).contains("Views: not measured yet"));
    }
}
