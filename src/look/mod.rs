//! How a message is printed: as it is, as JSON, or by a format.

mod arrival;
mod format;
mod json;
mod number;
mod run;
mod text;

pub use arrival::Arrival;
pub use format::{BadFormat, Format};
pub use run::Run;

use crate::mqtt::Publish;
use crate::record::Dialect;

/// How messages are printed, and for whom.
#[derive(Debug, Clone)]
pub struct Look {
    /// What of a message is printed.
    pub layout: Layout,
    /// Whether a line feed follows.
    pub newline: bool,
    /// Whether JSON stands in several lines.
    pub pretty: bool,
    /// Whether a terminal shows it, so that control characters are escaped.
    pub terminal: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { layout: Layout::default(), newline: true, pretty: false, terminal: false }
    }
}

/// What of a message is printed.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Layout {
    /// Nothing: the messages go elsewhere.
    Nothing,
    /// The payload; nothing at all when it is empty.
    #[default]
    Payload,
    /// The topic and the payload.
    TopicAndPayload,
    /// A line of JSON that loses nothing.
    Json,
    /// What a format says.
    Format(Format),
}

impl Look {
    /// A message that is to be printed so, in this run.
    #[must_use]
    pub fn arrival<'a>(&self, publish: &'a Publish<'a>, run: &'a Run) -> Arrival<'a> {
        let mut arrival = Arrival::new(publish, self.terminal, run);
        arrival.pretty = self.pretty;
        arrival
    }

    /// Appends the message to `out`.
    pub fn print(&self, arrival: &Arrival<'_>, out: &mut Vec<u8>) {
        let payload = arrival.payload();
        let text = arrival.text(payload);
        match &self.layout {
            Layout::Nothing => return,
            Layout::Payload if payload.is_empty() => return,
            Layout::TopicAndPayload if payload.is_empty() && !self.newline => return,
            Layout::Payload => text.put_payload(out),
            Layout::TopicAndPayload => {
                arrival.text(arrival.publish.topic.as_bytes()).put(out);
                out.push(b' ');
                if payload.is_empty() {
                    out.extend_from_slice(b"(null)");
                } else {
                    text.put_payload(out);
                }
            }
            Layout::Json => json::put(arrival, Dialect::Mqx, out),
            Layout::Format(format) => format.print(arrival, out),
        }
        if self.newline {
            out.push(b'\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(layout: Layout, newline: bool, terminal: bool, payload: &[u8]) -> Vec<u8> {
        let look = Look { layout, newline, terminal, pretty: false };
        let publish = Publish { topic: "a/b", payload, ..Publish::default() };
        let mut out = Vec::new();
        let run = Run::default();
        look.print(&Arrival::new(&publish, terminal, &run), &mut out);
        out
    }

    #[test]
    fn a_payload_is_a_line_and_an_empty_one_is_nothing() {
        assert_eq!(printed(Layout::Payload, true, false, b"x"), b"x\n");
        assert_eq!(printed(Layout::Payload, false, false, b"x"), b"x");
        assert_eq!(printed(Layout::Payload, true, false, b""), b"");
    }

    #[test]
    fn an_empty_payload_with_its_topic_is_null() {
        let layout = || Layout::TopicAndPayload;
        assert_eq!(printed(layout(), true, false, b"x"), b"a/b x\n");
        assert_eq!(printed(layout(), true, false, b""), b"a/b (null)\n");
        assert_eq!(printed(layout(), false, false, b""), b"");
    }

    #[test]
    fn only_a_terminal_is_spared_control_characters() {
        let evil = b"\x1b[2J\xff\n\tend";
        let piped = printed(Layout::Payload, false, false, evil);
        assert_eq!(piped, evil);
        let shown = printed(Layout::Payload, false, true, evil);
        assert_eq!(shown, "\\u{1b}[2J\u{fffd}\n\tend".as_bytes());
    }

    #[test]
    fn json_stands_in_several_lines_where_the_look_says_so() {
        let publish = Publish { topic: "t", payload: b"x", ..Publish::default() };
        for (pretty, lines) in [(false, 1..2), (true, 2..99)] {
            let look = Look { layout: Layout::Json, pretty, ..Look::default() };
            let (run, mut out) = (Run::default(), Vec::new());
            look.print(&look.arrival(&publish, &run), &mut out);
            let count = String::from_utf8(out).unwrap().lines().count();
            assert!(lines.contains(&count), "{count} lines");
        }
    }
}
