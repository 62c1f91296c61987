//! The side of a connection that answers requests: what arrives goes back as it
//! is, to where the request says.

use super::link::Link;
use crate::bench::load::ANSWERS;
use crate::client;
use crate::error::Result;
use crate::mqtt::{Publish, PublishProperties, QoS};
use crate::session::{Failure, Time};
use std::collections::VecDeque;

/// Requests that wait for their answers; of more the oldest are given up.
const MAX_WAITING: usize = 100_000;

/// Answers of one client.
#[derive(Debug, Default)]
pub(super) struct Answerer {
    waiting: VecDeque<Request>,
}

#[derive(Debug)]
struct Request {
    answer_to: String,
    correlation: Option<Vec<u8>>,
    payload: Vec<u8>,
    qos: QoS,
}

impl Answerer {
    /// Takes a request; returns whether an older one had to be given up.
    pub(in crate::bench) fn take(&mut self, request: &Publish<'_>) -> bool {
        let properties = &request.properties;
        let answer_to = match properties.response_topic {
            Some(topic) => topic.to_owned(),
            None => request.topic.to_owned() + ANSWERS,
        };
        let full = self.waiting.len() == MAX_WAITING;
        if full {
            self.waiting.pop_front();
        }
        self.waiting.push_back(Request {
            answer_to,
            correlation: properties.correlation_data.map(<[u8]>::to_vec),
            payload: request.payload.to_vec(),
            qos: request.qos,
        });
        full
    }

    /// Sends the answers, as far as the connection takes them.
    ///
    /// # Errors
    /// When the broker does not take such messages.
    pub(in crate::bench) fn answer(&mut self, link: &mut Link, now: Time) -> Result<()> {
        while let Some(request) = self.waiting.front() {
            let properties = PublishProperties {
                correlation_data: request.correlation.as_deref(),
                ..PublishProperties::default()
            };
            let answer = Publish {
                qos: request.qos,
                topic: &request.answer_to,
                properties,
                payload: &request.payload,
                ..Publish::default()
            };
            match link.engine().publish(&answer, 0, now) {
                Ok(()) => drop(self.waiting.pop_front()),
                Err(Failure::WindowFull) => return Ok(()),
                Err(failure) => return Err(client::explain(failure)),
            }
        }
        Ok(())
    }
}
