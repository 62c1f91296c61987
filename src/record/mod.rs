//! Messages as lines of JSON: what `mqx sub -J` and `mqx sub --record` write
//! and `mqx pub --ndjson` and `mqx pub --replay` read.

mod line;
mod pairs;

pub use line::Line;
