//! Messages as lines of JSON: what `mqx sub -J` and `mqx sub --record` write
//! and `mqx pub --ndjson` and `mqx pub --replay` read.

mod format;
mod line;
mod map;
mod object;
mod pairs;
mod pretty;
mod writing;

pub use format::{HEADER, Header, MONO, VERSION, is_compressed};
pub use line::Line;
pub use map::TopicMap;
pub use pretty::pretty;
pub use writing::{Dialect, Entry, header, properties};
