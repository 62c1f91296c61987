//! The receiving side of a connection: recognises the messages of the run,
//! measures how long they took and keeps account of what arrived.

use super::board::Board;
use super::check::{Arrivals, Track};
use super::payload::Header;
use super::stats::Stats;
use crate::mqtt::Publish;
use crate::session::Time;
use std::sync::atomic::Ordering::Relaxed;

/// One subscriber of the run.
pub(super) struct Receiver {
    run: u32,
    /// One for each publisher.
    tracks: Vec<Track>,
    /// A publisher and first arrivals of its messages in a row that the other
    /// threads do not know of.
    unsettled: (u32, u64),
}

impl Receiver {
    /// A subscriber that receives from so many publishers.
    pub(super) fn new(run: u32, publishers: u32) -> Self {
        Self { run, tracks: (0..publishers).map(|_| Track::default()).collect(), unsettled: (0, 0) }
    }

    /// Notes a message that arrived at `now`.
    pub(super) fn message(
        &mut self,
        publish: &Publish<'_>,
        now: Time,
        board: &Board,
        stats: &mut Stats,
    ) {
        let header = Header::read(publish.payload).filter(|header| header.run == self.run);
        let track = header.and_then(|header| {
            let track = self.tracks.get_mut(header.publisher as usize)?;
            Some((header, track))
        });
        let Some((header, track)) = track else {
            stats.foreign += 1;
            return;
        };
        stats.received += 1;
        stats.received_bytes += u64::try_from(publish.payload.len()).unwrap_or(u64::MAX);
        stats.last_received = now;
        if track.arrived(header.sequence) {
            let latency = now - header.due;
            stats.latency.record(latency);
            stats.service.record(latency.saturating_sub(header.late));
            self.count(header.publisher, board);
        }
    }

    fn count(&mut self, publisher: u32, board: &Board) {
        if self.unsettled.0 != publisher {
            self.settle(board);
            self.unsettled.0 = publisher;
        }
        self.unsettled.1 += 1;
    }

    /// Makes the arrivals of a batch known to the other threads.
    pub(super) fn settle(&mut self, board: &Board) {
        let count = std::mem::take(&mut self.unsettled.1);
        if let Some(lane) = board.lane(self.unsettled.0).filter(|_| count > 0) {
            lane.delivered.fetch_add(count, Relaxed);
        }
    }

    /// What arrived in all.
    pub(super) fn arrivals(&self) -> Arrivals {
        let mut all = Arrivals::default();
        for track in &self.tracks {
            all.add(track.arrivals());
        }
        all
    }
}
