//! How far a long run is, for a person at a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How much there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// So many messages.
    Messages(u64),
    /// One payload of so many bytes.
    Payload(u64),
    /// An input of so many bytes, if that is known.
    Input(Option<u64>),
}

/// How much of it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Done {
    pub(super) messages: u64,
    /// Bytes of the input.
    pub(super) read: u64,
    /// Bytes that wait to be written.
    pub(super) unwritten: u64,
}

/// A run that ends before this needs no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// From one look to the next.
const INTERVAL: Duration = Duration::from_millis(100);

const IN_BYTES: &str = "{bytes}/{total_bytes} [{bar:40.cyan}] {percent:>3}%, {msg}";
const IN_MESSAGES: &str = "{human_pos}/{human_len} [{bar:40.cyan}] {percent:>3}% {per_sec}";
const ENDLESS: &str = "{spinner:.cyan} {msg}";

/// The bar, from the time that it is worth one.
pub(super) struct Progress {
    extent: Option<Extent>,
    due: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Of nothing, if nobody watches.
    pub(super) fn new(extent: Option<Extent>) -> Self {
        Self { extent, due: Instant::now() + PATIENCE, bar: None }
    }

    /// Ends when it is time to look again.
    pub(super) async fn tick(&self) {
        match self.extent {
            Some(_) => sleep_until(self.due).await,
            None => std::future::pending().await,
        }
    }

    /// Whether it is time to look again.
    pub(super) fn is_due(&self) -> bool {
        self.extent.is_some() && self.due <= Instant::now()
    }

    /// Shows how far the run is.
    pub(super) fn show(&mut self, done: Done) {
        let Some(extent) = self.extent else { return };
        self.due = Instant::now() + INTERVAL;
        let bar = self.bar.get_or_insert_with(|| bar(extent));
        bar.set_position(match extent {
            Extent::Messages(_) => done.messages,
            Extent::Payload(size) => size.saturating_sub(done.unwritten),
            Extent::Input(_) => done.read,
        });
        bar.set_message(format!("{} messages", done.messages));
        bar.tick();
    }

    /// Makes room for what is to be said.
    pub(super) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

fn bar(extent: Extent) -> ProgressBar {
    let (length, template) = match extent {
        Extent::Messages(count) => (Some(count), IN_MESSAGES),
        Extent::Payload(size) | Extent::Input(Some(size)) => (Some(size), IN_BYTES),
        Extent::Input(None) => (None, ENDLESS),
    };
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr()).with_style(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_can_be_drawn() {
        for template in [IN_BYTES, IN_MESSAGES, ENDLESS] {
            ProgressStyle::with_template(template).unwrap();
        }
    }
}
