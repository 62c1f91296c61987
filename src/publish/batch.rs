//! Records gathered into one payload: an array of JSON.

use serde::de::IgnoredAny;
use std::time::Duration;
use tokio::time::Instant;

/// How long and how much is gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimits {
    /// From the first record of an array to its publication.
    pub interval: Duration,
    /// Bytes of an array, at most.
    pub size: usize,
}

/// An array that grows.
#[derive(Debug)]
pub(super) struct Batch {
    limits: BatchLimits,
    /// Bytes of an array that the broker takes.
    room: usize,
    /// With `[` in front and without `]`; empty when there is no element.
    array: Vec<u8>,
    due: Option<Instant>,
    /// Whether nothing more is to come into it.
    closed: bool,
    /// Whether somebody takes the elements before the array is whole.
    shows_elements: bool,
    /// Those since [`Batch::take_fresh`], each as an array of its own.
    fresh: Vec<Vec<u8>>,
}

impl Batch {
    pub(super) const fn new(limits: BatchLimits, shows_elements: bool) -> Self {
        Self {
            limits,
            room: usize::MAX,
            array: Vec::new(),
            due: None,
            closed: false,
            shows_elements,
            fresh: Vec::new(),
        }
    }

    /// The broker takes arrays of so many bytes; a record that has more by itself is alone
    /// in one, for it to be rejected without others.
    pub(super) const fn fit(&mut self, room: usize) {
        self.room = room;
    }

    /// Adds a record: as it is if it is JSON, or else as a string. False when
    /// it is for the next array.
    ///
    /// # Errors
    /// In words, when it fits into no array.
    pub(super) fn add(&mut self, record: &[u8]) -> Result<bool, String> {
        let element = element(record)?;
        // One byte before each element and one behind the last.
        if element.len() + 2 > self.limits.size {
            return Err(format!("it is larger than --batch allows, {} bytes", self.limits.size));
        }
        let most = self.limits.size.min(self.room);
        if !self.array.is_empty() && self.array.len() + element.len() + 2 > most {
            self.close();
            return Ok(false);
        }
        self.array.push(if self.array.is_empty() { b'[' } else { b',' });
        self.array.extend_from_slice(&element);
        if self.shows_elements {
            self.fresh.push([b"[", element.as_slice(), b"]"].concat());
        }
        self.due.get_or_insert_with(|| Instant::now() + self.limits.interval);
        Ok(true)
    }

    /// Says that no record follows.
    pub(super) fn close(&mut self) {
        if !self.array.is_empty() && !self.closed {
            self.closed = true;
            self.array.push(b']');
        }
    }

    /// Closes the array when its time has come.
    pub(super) fn look_at_the_clock(&mut self) {
        if self.due.is_some_and(|due| due <= Instant::now()) {
            self.close();
        }
    }

    /// The array, once it is whole.
    pub(super) fn whole(&self) -> Option<&[u8]> {
        self.closed.then_some(self.array.as_slice())
    }

    /// The elements that came since this was asked last and are in no whole array, each as
    /// an array of its own.
    pub(super) fn take_fresh(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.fresh)
    }

    /// When it will be, at the latest.
    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether there is nothing in it.
    pub(super) const fn is_empty(&self) -> bool {
        self.array.is_empty()
    }

    /// Begins the next one.
    pub(super) fn clear(&mut self) {
        self.array.clear();
        self.fresh.clear();
        self.due = None;
        self.closed = false;
    }
}

fn element(record: &[u8]) -> Result<Vec<u8>, String> {
    if serde_json::from_slice::<IgnoredAny>(record).is_ok() {
        return Ok(record.trim_ascii().to_vec());
    }
    let text = std::str::from_utf8(record).map_err(|_| "it is neither JSON nor text")?;
    serde_json::to_vec(text).map_err(|cause| cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(size: usize) -> Batch {
        Batch::new(BatchLimits { interval: Duration::from_hours(1), size }, true)
    }

    #[test]
    fn json_stays_json_and_other_text_becomes_a_string() {
        let mut batch = batch(100);
        for record in [&br#" {"a": 1} "#[..], b"21.5", b"warm \"ish\"", b""] {
            assert_eq!(batch.add(record), Ok(true));
        }
        assert_eq!(batch.whole(), None);
        assert_eq!(batch.take_fresh().get(1), Some(&b"[21.5]".to_vec()));
        assert!(batch.take_fresh().is_empty());
        batch.close();
        assert_eq!(batch.whole(), Some(&br#"[{"a": 1},21.5,"warm \"ish\"",""]"#[..]));
        batch.clear();
        assert!(batch.is_empty() && batch.whole().is_none());
    }

    #[test]
    fn an_array_is_whole_before_it_would_be_too_large() {
        let mut batch = batch(6);
        assert_eq!(batch.add(b"12"), Ok(true));
        assert_eq!(batch.add(b"3"), Ok(true));
        assert_eq!(batch.add(b"4"), Ok(false));
        assert_eq!(batch.whole(), Some(&b"[12,3]"[..]));
        batch.clear();
        assert_eq!(batch.add(b"1234"), Ok(true));
        assert!(batch.add(b"12345").unwrap_err().contains("6 bytes"));
        assert!(batch.add(b"\xff").unwrap_err().contains("neither"));
    }

    #[test]
    fn an_array_is_not_larger_than_the_broker_takes_except_for_one_record() {
        let mut batch = batch(100);
        batch.fit(6);
        assert_eq!(batch.add(b"12"), Ok(true));
        assert_eq!(batch.add(b"34567"), Ok(false));
        assert_eq!(batch.whole(), Some(&b"[12]"[..]));
        batch.clear();
        assert_eq!(batch.add(b"34567"), Ok(true));
        assert_eq!(batch.add(b"8"), Ok(false));
        assert_eq!(batch.whole(), Some(&b"[34567]"[..]));
    }
}
