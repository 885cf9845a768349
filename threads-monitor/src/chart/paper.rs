//! What every chart is drawn on: frame, axes, words.

use std::fmt::{self, Display, Write};

use chrono::{Datelike, NaiveDate};

use super::scale::{Axis, proportion};
use crate::trends::Day;

/// The drawing, in tenths of a unit.
pub(super) const WIDTH: u32 = 7_200;
pub(super) const HEIGHT: u32 = 2_500;
/// The plot inside of it.
pub(super) const LEFT: u32 = 560;
pub(super) const RIGHT: u32 = 7_080;
pub(super) const TOP: u32 = 200;
pub(super) const BOTTOM: u32 = 2_160;

/// A length in tenths, written as a decimal number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tenths(pub(super) u32);

impl Display for Tenths {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0 / 10)?;
        match self.0 % 10 {
            0 => Ok(()),
            tenth => write!(formatter, ".{tenth}"),
        }
    }
}

/// Text made safe for element content and attribute values.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => formatter.write_str("&amp;")?,
                '<' => formatter.write_str("&lt;")?,
                '>' => formatter.write_str("&gt;")?,
                '"' => formatter.write_str("&quot;")?,
                '\'' => formatter.write_str("&#39;")?,
                // XML knows no other control characters, not even escaped.
                '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' => {}
                other => formatter.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// A whole number with its thousands apart.
pub(super) struct Grouped(pub(super) u64);

impl Display for Grouped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                formatter.write_char(',')?;
            }
            formatter.write_char(digit)?;
        }
        Ok(())
    }
}

/// A date as people write it: `23 Nov 2026`.
pub(super) fn long_date(date: NaiveDate) -> impl Display {
    date.format("%-d %b %Y")
}

/// A day with its measured value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    /// The place in the list of days.
    pub(super) index: usize,
    pub(super) date: NaiveDate,
    pub(super) value: u64,
}

/// The days that were measured, in order.
pub(super) fn measured(days: &[Day]) -> Vec<Measured> {
    days.iter()
        .enumerate()
        .filter_map(|(index, day)| {
            day.point.as_ref().map(|point| Measured {
                index,
                date: day.date,
                value: point.value,
            })
        })
        .collect()
}

/// The horizontal place of a day: first day left, last day right.
pub(super) fn column(index: usize, days: usize) -> u32 {
    if days < 2 {
        return u32::midpoint(LEFT, RIGHT);
    }
    LEFT + proportion(count(index), count(days - 1), RIGHT - LEFT)
}

/// The vertical place of a value.
pub(super) fn row(axis: Axis, value: u64) -> u32 {
    BOTTOM - axis.place(value, BOTTOM - TOP)
}

/// A length of a list as a number to compute with.
pub(super) fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// What is said about a chart to those who do not see it.
pub(super) struct Words<'a> {
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    pub(super) description: &'a str,
    pub(super) unit: &'a str,
}

/// The text of the description: the given words, then the facts.
pub(super) fn describe(words: &Words<'_>, days: &[Day], axis: Option<Axis>) -> String {
    let mut text = words.description.trim().to_owned();
    let mut say = |sentence: fmt::Arguments<'_>| {
        if !text.is_empty() {
            text.push(' ');
        }
        // Writing to a string cannot fail.
        let _ = text.write_fmt(sentence);
    };
    let points = measured(days);
    if let (Some(first), Some(last)) = (days.first(), days.last()) {
        say(format_args!(
            "{} to {}, {} of {} days measured.",
            long_date(first.date),
            long_date(last.date),
            points.len(),
            days.len(),
        ));
    }
    if let (Some(lowest), Some(highest)) = (
        points.iter().min_by_key(|point| point.value),
        points.iter().max_by_key(|point| point.value),
    ) {
        say(format_args!(
            "Lowest {} {unit} on {}, highest {} {unit} on {}.",
            Grouped(lowest.value),
            long_date(lowest.date),
            Grouped(highest.value),
            long_date(highest.date),
            unit = words.unit,
        ));
    }
    if let Some(axis) = axis.filter(|axis| axis.low > 0) {
        say(format_args!(
            "The vertical axis starts at {}, not at 0.",
            Grouped(axis.low)
        ));
    }
    text
}

/// Opens the drawing: root element, title, description.
pub(super) fn open(svg: &mut String, kind: &str, words: &Words<'_>, description: &str) {
    let id = Escaped(words.id);
    let _ = write!(
        svg,
        "<svg class=\"threads-chart {kind}\" viewBox=\"0 0 {} {}\" role=\"img\" \
         aria-labelledby=\"{id}-title\" aria-describedby=\"{id}-desc\" xmlns=\"http://www.w3.org/2000/svg\" \
         font-family=\"sans-serif\" font-size=\"13\">\
         <title id=\"{id}-title\">{}</title><desc id=\"{id}-desc\">{}</desc>",
        Tenths(WIDTH),
        Tenths(HEIGHT),
        Escaped(words.title),
        Escaped(description),
    );
}

/// The horizontal lines with their values.
pub(super) fn grid(svg: &mut String, axis: Axis) {
    for value in axis.labels() {
        let y = row(axis, value);
        let class = if value == axis.low {
            "threads-chart-base"
        } else {
            "threads-chart-grid"
        };
        let _ = write!(
            svg,
            "<line class=\"{class}\" x1=\"{left}\" y1=\"{y}\" x2=\"{right}\" y2=\"{y}\" \
             stroke=\"#999\" stroke-width=\"0.5\"/>\
             <text class=\"threads-chart-label\" x=\"{label}\" y=\"{text}\" \
             text-anchor=\"end\" fill=\"#666\">{}</text>",
            Compact(value),
            left = Tenths(LEFT),
            right = Tenths(RIGHT),
            y = Tenths(y),
            label = Tenths(LEFT - 80),
            text = Tenths(y + 45),
        );
    }
}

/// The dates below the plot.
pub(super) fn dates(svg: &mut String, days: &[Day], place: impl Fn(usize) -> u32) {
    const LABELS: usize = 5;
    let Some(last) = days.len().checked_sub(1) else {
        return;
    };
    let by_month = last > 200;
    let intervals = (LABELS - 1).min(last);
    let mut shown = None;
    for label in 0..=intervals {
        let index = (last * label).checked_div(intervals).unwrap_or(0);
        let Some(day) = days.get(index).filter(|_| shown != Some(index)) else {
            continue;
        };
        shown = Some(index);
        let anchor = match index {
            _ if last == 0 => "middle",
            0 => "start",
            _ if index == last => "end",
            _ => "middle",
        };
        let text = if by_month {
            day.date.format("%b %Y")
        } else {
            day.date.format("%-d %b")
        };
        let _ = write!(
            svg,
            "<text class=\"threads-chart-label\" x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\" \
             fill=\"#666\">{text}</text>",
            Tenths(place(index)),
            Tenths(BOTTOM + 240),
        );
    }
}

/// What stands in the plot when there is nothing to draw.
pub(super) fn nothing(svg: &mut String) {
    let _ = write!(
        svg,
        "<text class=\"threads-chart-empty\" x=\"{}\" y=\"{}\" text-anchor=\"middle\" \
         fill=\"#666\">Not measured yet</text>",
        Tenths(WIDTH / 2),
        Tenths(HEIGHT / 2),
    );
}

/// The words of one measured day, as they stand at its mark.
pub(super) fn reading(point: &Measured, unit: &str) -> String {
    format!(
        "{} {}: {} {unit}",
        point.date.weekday(),
        long_date(point.date),
        Grouped(point.value),
    )
}

/// A label on an axis: thousands as `12.5k`, millions as `3M`, only where exact.
struct Compact(u64);

impl Display for Compact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, letter) in [(1_000_000_000, 'B'), (1_000_000, 'M'), (1_000, 'k')] {
            if self.0 < unit * 10 && !(self.0 >= unit && self.0.is_multiple_of(unit)) {
                continue;
            }
            if self.0.is_multiple_of(unit) {
                return write!(formatter, "{}{letter}", self.0 / unit);
            }
            if self.0.is_multiple_of(unit / 10) {
                return write!(
                    formatter,
                    "{}.{}{letter}",
                    self.0 / unit,
                    self.0 % unit / (unit / 10)
                );
            }
        }
        Grouped(self.0).fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(Grouped(0).to_string(), "0");
        assert_eq!(Grouped(999).to_string(), "999");
        assert_eq!(Grouped(12_480).to_string(), "12,480");
        assert_eq!(Grouped(1_234_567).to_string(), "1,234,567");
    }

    #[test]
    fn a_short_label_is_never_a_rounded_one() {
        for (value, label) in [
            (0, "0"),
            (500, "500"),
            (1_000, "1k"),
            (9_500, "9,500"),
            (12_500, "12.5k"),
            (12_480, "12,480"),
            (3_000_000, "3M"),
            (25_500_000, "25.5M"),
        ] {
            assert_eq!(Compact(value).to_string(), label);
        }
    }

    #[test]
    fn markup_in_words_becomes_text() {
        assert_eq!(
            Escaped("</title><script a='b' c=\"d\">&\u{0}").to_string(),
            "&lt;/title&gt;&lt;script a=&#39;b&#39; c=&quot;d&quot;&gt;&amp;"
        );
    }

    #[test]
    fn lengths_are_written_without_needless_zeroes() {
        assert_eq!(Tenths(7_200).to_string(), "720");
        assert_eq!(Tenths(7_205).to_string(), "720.5");
    }
}
