//! The loads that most of these tests put on their brokers: publishers, and
//! subscribers that receive everything.

use mqx::bench::load::{Content, Headers, Stream, Tempo};
use mqx::bench::{Scenario, load};
use mqx::mqtt::QoS;
use std::time::Duration;

/// What a test says of its load, flat.
#[derive(Debug, Clone)]
pub(super) struct Load {
    pub(super) publishers: u32,
    pub(super) subscribers: u32,
    pub(super) qos: QoS,
    pub(super) size: usize,
    pub(super) rate: Option<f64>,
    pub(super) limit: Option<u64>,
    pub(super) duration: Option<Duration>,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            publishers: 1,
            subscribers: 1,
            qos: QoS::AtMostOnce,
            size: 64,
            rate: None,
            limit: None,
            duration: None,
        }
    }
}

impl From<Load> for Scenario {
    fn from(load: Load) -> Self {
        let stream = Stream {
            qos: load.qos,
            content: Content::Filling { sizes: load.size.into(), headers: Headers::Mqx },
            tempo: load.rate.map_or(Tempo::Free, Tempo::Rate),
            limit: load.limit,
            ..Stream::default()
        };
        load::Load {
            publishers: load.publishers,
            subscribers: load.subscribers,
            stream,
            run: Self { duration: load.duration, ..Self::default() },
            ..load::Load::default()
        }
        .into()
    }
}
