//! Charts as SVG text: a line with gaps, bars, a sparkline.
//!
//! Pure functions from [days](crate::trends::Day) to a string that can stand in a web
//! page, an e-mail or a notebook. Three rules hold for all of them:
//!
//! - **A missing day looks missing.** It is never drawn as zero and never hidden: the
//!   line crosses it dashed, and the description counts it.
//! - **No style attributes and no script**, so a strict content security policy holds.
//!   Presentation attributes give a plain look; classes (`threads-chart-…`) let a style
//!   sheet change all of it.
//! - **Readable without seeing**: `role="img"`, a `<title>`, and a `<desc>` that tells
//!   range, lowest, highest, gaps, and where the axis starts. A table belongs beside a
//!   chart; it is the page's own.
//!
//! Coordinates are whole tenths, computed in integers: the same days always give the
//! same text.

mod bars;
mod line;
mod paper;
mod scale;

pub use self::bars::{BarChart, bars};
pub use self::line::{Baseline, LineChart, line, sparkline};
