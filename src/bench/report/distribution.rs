//! A distribution of times as a report keeps it: whole, so that reports can be
//! added up, and with its usual figures for who reads the file.
//!
//! The histogram stands in JSON as `HdrHistogram` has it: V2 with DEFLATE as Base64,
//! what its log files and plotters read.

use crate::bench::tally::Summary;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2DeflateSerializer};
use serde::{Deserialize, Serialize};
use std::io::Read as _;

/// Bytes of a histogram at most, not compressed. One of three digits with every
/// value there can be in it takes half a megabyte.
const LARGEST: u64 = 4 << 20;

/// What a compressed histogram begins with; its length follows.
const COMPRESSED: [u8; 4] = 0x1c84_9314_u32.to_be_bytes();

/// Bytes of the header in front of the counts, and where in it their length is.
const HEADER: usize = 40;
const LENGTH_AT: usize = 4;

/// The longest number of the format: none that a histogram holds, and too much for
/// who decodes it.
const LONGEST_NUMBER: [u8; 9] = [0xff; 9];

/// Times in nanoseconds: a histogram of three digits, packed, for there is one for
/// each second of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Encoded")]
pub struct Distribution {
    #[serde(flatten)]
    summary: Summary,
    hdr: String,
}

/// What is read back; the figures follow from it.
#[derive(Deserialize)]
struct Encoded {
    hdr: String,
}

impl Distribution {
    /// Of these times; `None` if there are none.
    pub(in crate::bench) fn of(histogram: &Histogram<u64>) -> Option<Self> {
        let summary = Summary::of(histogram);
        (summary.count > 0).then(|| Self { summary, hdr: encode(histogram) })
    }

    /// Its figures.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// All of it.
    pub(super) fn histogram(&self) -> Histogram<u64> {
        decode(&self.hdr).expect("what was encoded or checked here can be decoded")
    }

    /// Adds all times of `other`; none is lost.
    pub(super) fn add(&mut self, other: &Self) {
        let mut sum = self.histogram();
        sum.add(other.histogram()).expect("a histogram that grows holds any value");
        *self = Self { summary: Summary::of(&sum), hdr: encode(&sum) };
    }
}

impl TryFrom<Encoded> for Distribution {
    type Error = &'static str;

    fn try_from(encoded: Encoded) -> Result<Self, Self::Error> {
        let histogram = decode(&encoded.hdr).and_then(|histogram| Self::of(&histogram));
        histogram.ok_or("hdr is no histogram of HdrHistogram (V2, compressed, Base64)")
    }
}

fn encode(histogram: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(histogram, &mut bytes)
        .expect("writing to memory cannot fail");
    STANDARD.encode(bytes)
}

/// The histogram in `text`. What does not add up is found before the library
/// makes room for what its header promises.
fn decode(text: &str) -> Option<Histogram<u64>> {
    let bytes = STANDARD.decode(text).ok()?;
    let compressed = bytes.strip_prefix(&COMPRESSED)?.get(size_of::<u32>()..)?;
    let mut plain = Vec::new();
    ZlibDecoder::new(compressed).take(LARGEST).read_to_end(&mut plain).ok()?;
    let counts = plain.get(HEADER..)?;
    let length = plain.get(LENGTH_AT..)?.first_chunk()?;
    let is_whole = *length == u32::try_from(counts.len()).ok()?.to_be_bytes();
    if !is_whole || counts.windows(LONGEST_NUMBER.len()).any(|part| part == LONGEST_NUMBER) {
        return None;
    }
    let mut histogram: Histogram<u64> = Deserializer::new().deserialize(&mut &*plain).ok()?;
    histogram.auto(true);
    Some(histogram)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::ZlibEncoder};
    use proptest::prelude::*;
    use std::io::Write as _;

    fn of(times: &[u64]) -> Distribution {
        let mut histogram = Histogram::new(3).unwrap();
        for time in times {
            histogram.record(*time).unwrap();
        }
        Distribution::of(&histogram).unwrap()
    }

    /// A histogram as it is encoded, be its bytes what they may.
    fn packed(plain: &[u8]) -> String {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(plain).unwrap();
        let head = [COMPRESSED, [0; 4]].concat();
        STANDARD.encode([head, encoder.finish().unwrap()].concat())
    }

    #[test]
    fn the_encoding_is_the_one_of_hdr_log_files() {
        assert!(of(&[1, 1_000]).hdr.starts_with("HISTFAAAA"));
    }

    #[test]
    fn what_is_no_histogram_is_refused() {
        let mut header = vec![0x1c, 0x84, 0x93, 0x13, 0xff, 0xff, 0xff, 0xff];
        header.resize(HEADER, 0);
        let huge = packed(&header);
        for text in ["", "HISTF", "!", "AAAA", &huge] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_histogram_is_read_back_as_it_was(times in proptest::collection::vec(any::<u32>(), 1..200)) {
            let times: Vec<_> = times.into_iter().map(u64::from).collect();
            let written = of(&times);
            let json = serde_json::to_string(&written).unwrap();
            prop_assert_eq!(serde_json::from_str::<Distribution>(&json).unwrap(), written);
        }

        #[test]
        fn adding_is_recording_in_one(
            one in proptest::collection::vec(1..10_000_000_000_u64, 1..100),
            other in proptest::collection::vec(1..10_000_000_000_u64, 1..100),
        ) {
            let mut sum = of(&one);
            sum.add(&of(&other));
            let all: Vec<_> = one.into_iter().chain(other).collect();
            prop_assert_eq!(sum.histogram(), of(&all).histogram());
        }

        #[test]
        fn no_text_makes_it_fail_badly(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut header = vec![0x1c, 0x84, 0x93, 0x13];
            header.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
            header.extend([0, 0, 0, 0, 0, 0, 0, 3]);
            header.extend(1_u64.to_be_bytes());
            header.extend(u64::MAX.to_be_bytes());
            header.extend(1_f64.to_be_bytes());
            header.extend(bytes);
            let _ = decode(&packed(&header));
        }
    }
}
