//! A line for each topic, on a terminal: how many messages there were, how many
//! come in a second, and the last.

use crate::output;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use unicode_width::UnicodeWidthChar as _;

/// The most topics that are remembered; of more, those are forgotten that were
/// silent for longest.
const MOST_TOPICS: usize = 10_000;

/// The most bytes of a message that are remembered.
const MOST_BYTES: usize = 1_000;

/// How often rates are counted.
const SECOND: Duration = Duration::from_secs(1);

/// The size of a terminal that does not say it: columns and rows.
const DEFAULT_SIZE: (u16, u16) = (80, 24);

/// What is known of each topic.
#[derive(Debug)]
pub(super) struct Watch {
    topics: HashMap<String, Line>,
    /// Messages on all of them.
    count: u64,
    /// Since when the messages of this second are counted.
    since: Instant,
    /// Whether something has changed since the last picture.
    changed: bool,
    /// Whether there was a picture.
    begun: bool,
}

#[derive(Debug, Default)]
struct Line {
    /// Its place among the topics by their first message.
    place: u64,
    /// The number of its last message among all.
    heard: u64,
    count: u64,
    /// Messages in this second so far, and in the one before.
    now: u64,
    rate: u64,
    text: String,
}

impl Default for Watch {
    fn default() -> Self {
        let topics = HashMap::new();
        Self { topics, count: 0, since: Instant::now(), changed: true, begun: false }
    }
}

impl Watch {
    /// How often the picture is drawn.
    pub(super) const PERIOD: Duration = Duration::from_millis(200);

    /// A message has come, which is printed as this text.
    pub(super) fn note(&mut self, topic: &str, text: &[u8]) {
        self.changed = true;
        self.count += 1;
        if !self.topics.contains_key(topic) {
            self.make_room();
            let line = Line { place: self.count, ..Line::default() };
            self.topics.insert(topic.to_owned(), line);
        }
        let Some(line) = self.topics.get_mut(topic) else { return };
        line.heard = self.count;
        line.count += 1;
        line.now += 1;
        let text = text.get(..MOST_BYTES).unwrap_or(text);
        String::from_utf8_lossy(text).trim_end().clone_into(&mut line.text);
    }

    fn make_room(&mut self) {
        if self.topics.len() < MOST_TOPICS {
            return;
        }
        let mut heard: Vec<_> = self.topics.values().map(|line| line.heard).collect();
        let middle = heard.len() / 2;
        let (_, limit, _) = heard.select_nth_unstable(middle);
        let limit = *limit;
        self.topics.retain(|_, line| line.heard > limit);
    }

    /// Counts the rates when a second is over, and returns the picture for this
    /// terminal if it is another than the last.
    pub(super) fn picture(&mut self, size: Option<(u16, u16)>, now: Instant) -> Option<String> {
        if now.duration_since(self.since) >= SECOND {
            self.since = now;
            for line in self.topics.values_mut() {
                self.changed |= line.rate != line.now;
                line.rate = std::mem::take(&mut line.now);
            }
        }
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        let (columns, rows) = size.unwrap_or(DEFAULT_SIZE);
        let home = if self.begun { "\x1b[H" } else { "\x1b[2J\x1b[H" };
        self.begun = true;
        let mut picture = home.to_owned();
        for line in self.lines(rows.into()) {
            picture.push_str(cut(&line, columns.into()));
            picture.push_str("\x1b[K\r\n");
        }
        picture.push_str("\x1b[J");
        Some(picture)
    }

    /// As many lines as there is room for above the cursor: those of the topics
    /// that were heard last, in the order of their first messages.
    fn lines(&self, rows: usize) -> Vec<String> {
        let rate: u64 = self.topics.values().map(|line| line.rate).sum();
        let mut shown: Vec<_> = self.topics.iter().collect();
        shown.sort_unstable_by_key(|(_, line)| std::cmp::Reverse(line.heard));
        shown.truncate(rows.saturating_sub(2));
        shown.sort_unstable_by_key(|(_, line)| line.place);
        let mut lines =
            vec![format!("{:>9} {:>7}  {} topics", self.count, rate, self.topics.len())];
        lines.extend(shown.into_iter().map(|(topic, line)| {
            let mut text = format!("{:>9} {:>6}/s  ", line.count, line.rate);
            // A string takes all that is written to it.
            let _ = write!(text, "{}  {}", output::escape(topic), output::escape(&line.text));
            text
        }));
        lines
    }
}

/// As much of the text as fits into so many columns.
fn cut(text: &str, columns: usize) -> &str {
    let mut width = 0;
    let end = text.char_indices().find(|(_, character)| {
        width += character.width().unwrap_or_default();
        width > columns
    });
    end.and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a picture, without what moves the cursor.
    fn shown(watch: &mut Watch, size: (u16, u16)) -> Vec<String> {
        let picture = watch.picture(Some(size), Instant::now()).unwrap();
        let text = picture.replace("\x1b[2J", "").replace("\x1b[H", "");
        let text = text.replace("\x1b[K", "").replace("\x1b[J", "");
        text.lines().map(|line| line.trim().to_owned()).collect()
    }

    fn noted(messages: &[(&str, &str)]) -> Watch {
        let mut watch = Watch::default();
        for (topic, text) in messages {
            watch.note(topic, text.as_bytes());
        }
        watch
    }

    #[test]
    fn each_topic_has_a_line_with_its_last_message() {
        let mut watch = noted(&[("b", "1"), ("a", "2"), ("b", "3\n")]);
        let wanted = ["3       0  2 topics", "2      0/s  b  3", "1      0/s  a  2"];
        assert_eq!(shown(&mut watch, (80, 24)), wanted);
    }

    #[test]
    fn on_a_small_terminal_the_topics_heard_last_are_shown_and_lines_are_cut() {
        let mut watch = noted(&[("a", "1"), ("b", "2"), ("c", "3"), ("a", "界界")]);
        let lines = shown(&mut watch, (25, 4));
        assert_eq!(lines[1..], ["2      0/s  a  界", "1      0/s  c  3"]);
    }

    #[test]
    fn control_characters_cannot_leave_their_line() {
        let mut watch = noted(&[("a\x1b[2J", "x\ny\x07")]);
        assert!(shown(&mut watch, (80, 24))[1].ends_with("a\\u{1b}[2J  x\\ny\\u{7}"));
    }

    #[test]
    fn a_rate_is_of_the_second_before_and_nothing_new_is_not_drawn_again() {
        let mut watch = noted(&[("a", "1"), ("a", "2")]);
        let start = watch.since;
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        assert!(watch.picture(None, at(500)).unwrap().contains(" 0/s"));
        assert!(watch.picture(None, at(999)).is_none());
        assert!(watch.picture(None, at(1_000)).unwrap().contains(" 2/s"));
        assert!(watch.picture(None, at(2_000)).unwrap().contains(" 0/s"));
        assert!(watch.picture(None, at(3_000)).is_none());
    }

    #[test]
    fn of_too_many_topics_the_silent_ones_are_forgotten() {
        let mut watch = Watch::default();
        for number in 0..=MOST_TOPICS {
            watch.note(&number.to_string(), b"");
        }
        assert!(watch.topics.len() <= MOST_TOPICS);
        assert!(watch.topics.contains_key(&MOST_TOPICS.to_string()));
        assert!(!watch.topics.contains_key("0"));
    }
}
