//! Publishes the lines of an input as fast as the broker takes them.

use super::lines::Lines;
use super::{Config, Outcome, finish};
use crate::client::{Connection, explain, reconnect};
use crate::error::{Class, Error, Result};
use crate::mqtt::{QoS, ReasonCode};
use crate::session::{Event, Failure, Token};
use tokio::io::AsyncRead;

/// Messages in flight at once before MQTT 5, in which the broker cannot say how
/// many it takes: what `mosquitto_pub` has, and brokers are used to.
const OLD_WINDOW: usize = 20;

/// Publishes each line of `input`; with QoS 1 and 2 over any number of
/// connections.
///
/// # Errors
/// When the first connection fails, a connection with QoS 0 is lost, the
/// input cannot be read, or lines were rejected.
pub(super) async fn publish_lines(config: Config, input: impl AsyncRead + Unpin) -> Result<()> {
    let mut flow = Flow {
        connection: Connection::open(config.connect.clone(), &mut |_| {}).await?,
        lines: Lines::new(input),
        outcome: Outcome::default(),
        sent: 0,
        config,
    };
    while !flow.is_done() {
        flow.send_lines()?;
        if let Err(error) = flow.turn().await {
            flow.recover(error).await?;
        }
    }
    let closed = finish(flow.connection, flow.config.qos).await;
    closed.map_err(|error| lost(error, flow.sent))?;
    flow.outcome.result()
}

struct Flow<R> {
    config: Config,
    connection: Connection,
    lines: Lines<R>,
    outcome: Outcome,
    /// Lines given to the connection; also the token of the last one.
    sent: Token,
}

impl<R: AsyncRead + Unpin> Flow<R> {
    fn is_done(&mut self) -> bool {
        self.lines.is_at_end() && self.connection.in_flight() == 0
    }

    /// Gives the connection the lines that are there, while it has room.
    fn send_lines(&mut self) -> Result<()> {
        while !self.connection.is_congested()
            && !self.is_window_full()
            && let Some(line) = self.lines.peek()
        {
            let token = self.sent + 1;
            match self.connection.publish(&self.config.publish(line), token) {
                Ok(()) => {}
                Err(Failure::WindowFull) => break,
                Err(failure) if is_about_size(&failure) => {
                    self.outcome.reject(token, failure.to_string());
                }
                Err(failure) => return Err(explain(failure)),
            }
            self.sent = token;
            self.lines.advance();
        }
        Ok(())
    }

    /// What the engine knows of the window is added to by what is usual.
    fn is_window_full(&self) -> bool {
        let connection = &self.connection;
        !connection.version().is_v5() && connection.in_flight() >= OLD_WINDOW
    }

    /// Waits for the connection, and for the input if more of it is needed.
    async fn turn(&mut self) -> Result<()> {
        if self.is_done() {
            return Ok(());
        }
        let wants_input = self.lines.wants_input();
        let outcome = &mut self.outcome;
        let mut on_event = |event: Event<'_>| outcome.note(&event);
        tokio::select! {
            biased;
            exchanged = self.connection.exchange(&mut on_event) => exchanged,
            read = self.lines.read(), if wants_input => read,
        }
    }

    /// Connects again if no line can have been lost meanwhile.
    async fn recover(&mut self, error: Error) -> Result<()> {
        if self.config.qos == QoS::AtMostOnce {
            return Err(lost(error, self.sent));
        }
        let outcome = &mut self.outcome;
        let mut on_event = |event: Event<'_>| outcome.note(&event);
        reconnect(&mut self.connection, error, &mut on_event).await
    }
}

fn is_about_size(failure: &Failure) -> bool {
    match failure {
        Failure::TooLarge(..) => true,
        Failure::Invalid(error) => error.reason == ReasonCode::PACKET_TOO_LARGE,
        _ => false,
    }
}

/// A lost connection with what it means for lines sent with QoS 0.
fn lost(error: Error, sent: Token) -> Error {
    if error.class() != Class::ConnectionLost {
        return error;
    }
    let what = format!("up to {sent} lines may be lost, and no more were sent");
    Error::new(Class::ConnectionLost, what)
        .because(error)
        .hint("-q 1 makes sure that every line arrives, also after a reconnect")
}
