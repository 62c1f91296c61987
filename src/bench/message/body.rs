//! What the messages of one stream of one client carry, message by message.

use super::header::{Variable, fixed_part};
use crate::bench::load::pattern::{Numbered, Who};
use crate::bench::load::{Content, Headers, Sizes};
use crate::error::{Error, Result};
use crate::template::Template;
use jiff::Timestamp;

/// Makes payloads.
#[derive(Debug)]
pub(in crate::bench) struct Body {
    /// The start of the header, see [`super::header`].
    pub(in crate::bench) start: Vec<u8>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Header and filling; the seed of a range of sizes is the lane.
    Filling { sizes: Sizes, seed: u32 },
    /// The headers of emqtt-bench and filling.
    Emqtt { sizes: Sizes, seed: u32, counter: bool, time: bool },
    /// Always the same.
    Bytes(Vec<u8>),
    /// Filled in for each message.
    Text(Template),
}

/// What fills payloads up.
const FILLING: u8 = b'.';

impl Body {
    /// The payloads of this lane of a run, for this client.
    ///
    /// # Errors
    /// A usage error when the text has a place that stands for nothing.
    pub(in crate::bench) fn new(
        content: &Content,
        run: u32,
        lane: u32,
        who: &Who<'_>,
    ) -> Result<Self> {
        let kind = match content {
            Content::Filling { sizes, headers: Headers::Mqx } => {
                Kind::Filling { sizes: *sizes, seed: lane }
            }
            Content::Filling { sizes, headers: Headers::Emqtt { counter, time } } => {
                Kind::Emqtt { sizes: *sizes, seed: lane, counter: *counter, time: *time }
            }
            Content::Bytes(bytes) => Kind::Bytes(bytes.clone()),
            Content::Text(pattern) => Kind::Text(template(&pattern.for_client(who))?),
        };
        Ok(Self { start: fixed_part(run, lane), kind })
    }

    /// What comes behind the header of every message, where that is always the
    /// same; such messages can be written from a template.
    pub(in crate::bench) fn constant_filling(&self) -> Option<Vec<u8>> {
        match self.kind {
            Kind::Filling { sizes, .. } if sizes.is_fixed() => {
                Some(vec![FILLING; sizes.most.saturating_sub(crate::bench::HEADER_SIZE)])
            }
            _ => None,
        }
    }

    /// Whether the payload has no room for a header.
    pub(in crate::bench) const fn is_foreign(&self) -> bool {
        matches!(self.kind, Kind::Bytes(_) | Kind::Text(_))
    }

    /// The header of a message in a buffer that is used again.
    pub(in crate::bench) fn header(&self, variable: &Variable, header: &mut Vec<u8>) {
        header.clear();
        header.extend_from_slice(&self.start);
        header.extend_from_slice(variable);
    }

    /// The payload of the message with this number, in a buffer that is used
    /// again.
    pub(in crate::bench) fn fill(&self, sequence: u64, header: &[u8], payload: &mut Vec<u8>) {
        payload.clear();
        match &self.kind {
            Kind::Filling { sizes, seed } => {
                payload.extend_from_slice(header);
                payload.resize(sizes.of(*seed, sequence), FILLING);
            }
            Kind::Emqtt { sizes, seed, counter, time } => {
                if *counter {
                    payload.extend_from_slice(&sequence.to_be_bytes());
                }
                if *time {
                    payload.extend_from_slice(&Timestamp::now().as_millisecond().to_be_bytes());
                }
                payload.resize(sizes.of(*seed, sequence), FILLING);
            }
            Kind::Bytes(bytes) => payload.extend_from_slice(bytes),
            Kind::Text(template) => {
                payload.extend_from_slice(template.fill(sequence, Timestamp::now()).as_bytes());
            }
        }
    }
}

/// The number of the message in a template.
const SEQUENCE: &str = "{{seq}}";

fn template(text: &Numbered) -> Result<Template> {
    Template::read(&text.with(SEQUENCE)).map_err(|what| Error::usage(format!("--template: {what}")))
}
