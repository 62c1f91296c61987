//! Where requests become replies.

use super::inbox::{Inbox, Request};
use super::tally::Tally;
use super::{Answer, Config};
use crate::command::Job;
use crate::error;
use crate::look::Run;
use crate::mqtt::{Message, MessageProperties, Publish, PublishProperties};
use std::collections::VecDeque;
use tokio::task::JoinSet;

/// Replies that wait for the broker at most; no more are made meanwhile.
const MOST_REPLIES: usize = 1_000;

/// What came of a request.
type Done = (Request, Result<Vec<u8>, String>);

/// The requests that are being answered, and the replies to others.
pub(super) struct Works {
    answer: Answer,
    properties: MessageProperties,
    retain: bool,
    run: Run,
    /// Commands that run at once, at most.
    concurrency: usize,
    jobs: JoinSet<Done>,
    done: Vec<Done>,
    replies: VecDeque<Message>,
}

impl Works {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            answer: config.answer.clone(),
            properties: config.properties.clone(),
            retain: config.retain,
            run: Run::default(),
            concurrency: config.concurrency.get(),
            jobs: JoinSet::new(),
            done: Vec::new(),
            replies: VecDeque::new(),
        }
    }

    /// Ends when a command has; may be dropped without losing anything.
    pub(super) async fn progress(&mut self) {
        match self.jobs.join_next().await {
            Some(Ok(done)) => self.done.push(done),
            // A job that panicked has said so.
            Some(Err(_)) => {}
            None => std::future::pending().await,
        }
    }

    /// Goes on with what has ended, and begins more as far as there is room.
    pub(super) fn go_on(&mut self, inbox: &mut Inbox, tally: &mut Tally) {
        for (request, payload) in std::mem::take(&mut self.done) {
            self.finish(&request, payload, tally);
        }
        while self.jobs.len() < self.concurrency
            && self.replies.len() < MOST_REPLIES
            && let Some(request) = inbox.next()
        {
            self.run.count();
            match &self.answer {
                Answer::Reply(reply) => {
                    let payload = reply.fill(&request.message.publish(None, false), &self.run);
                    self.finish(&request, payload, tally);
                }
                Answer::Exec(command) => {
                    let publish = request.message.publish(None, false);
                    let job = Job::new(command, &publish, publish.payload.to_vec());
                    self.jobs.spawn(async move {
                        let printed = job.output().await;
                        (request, printed.map_err(|wrong| error::line(&wrong.into())))
                    });
                }
            }
        }
    }

    fn finish(&mut self, request: &Request, payload: Result<Vec<u8>, String>, tally: &mut Tally) {
        match payload.and_then(|payload| self.reply(request, &payload)) {
            Ok(reply) => self.replies.push_back(reply),
            Err(why) => tally.failed(request.message.topic(), &why),
        }
    }

    /// The reply with this payload.
    fn reply(&self, request: &Request, payload: &[u8]) -> Result<Message, String> {
        let reply = Publish {
            topic: &request.reply_to,
            payload,
            qos: request.message.qos,
            retain: self.retain,
            properties: PublishProperties {
                correlation_data: request.message.properties().correlation_data,
                ..self.properties.in_packet()
            },
            ..Publish::default()
        };
        Message::new(&reply).map_err(|wrong| wrong.to_string())
    }

    /// The reply that waits longest.
    pub(super) fn front(&self) -> Option<&Message> {
        self.replies.front()
    }

    /// Goes on behind it.
    pub(super) fn advance(&mut self) {
        self.replies.pop_front();
    }

    /// Requests whose reply is not given to the connection.
    pub(super) fn open(&self) -> usize {
        self.jobs.len() + self.done.len() + self.replies.len()
    }

    /// Whether there is nothing to do.
    pub(super) fn is_idle(&self) -> bool {
        self.open() == 0
    }
}
