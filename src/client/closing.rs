//! The end of a connection, in order.

use super::Connection;
use super::connection::Trouble;
use crate::error::Result;
use crate::mqtt::{self, Packet};
use crate::session::Failure;
use bytes::Buf as _;
use std::io;
use std::time::Duration;
use tokio::time::timeout;

/// How long [`Connection::close`] waits for the broker to close its side.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

impl Connection {
    /// Ends the connection in order: sends everything and DISCONNECT, and
    /// waits a moment for the broker to close, which shows that it has taken
    /// everything.
    ///
    /// # Errors
    /// When the connection breaks before that, or the broker answers that it
    /// did not like what it was sent.
    pub async fn close(mut self) -> Result<()> {
        self.leave().await
    }

    /// The same for a client that may [`reopen`](Connection::reopen) later.
    ///
    /// # Errors
    /// As [`Connection::close`].
    pub async fn leave(&mut self) -> Result<()> {
        let closed = self.part().await;
        closed.map_err(|trouble| trouble.explain(&self.options.endpoint))
    }

    async fn part(&mut self) -> Result<(), Trouble> {
        let now = self.clock.now;
        let said = self.engine.disconnect(&self.options.farewell.packet(), now);
        said.map_err(Trouble::Session)?;
        self.link.set_alarm(None);
        self.link.write_out(self.engine.output()).await.map_err(Trouble::Stream)?;
        self.link.end_of_output().await.map_err(Trouble::Stream)?;
        match timeout(CLOSE_PATIENCE, self.last_words()).await {
            Ok(words) => words,
            Err(_) => Ok(()),
        }
    }

    /// Reads until the broker closes; the only packet of interest is its
    /// complaint in a DISCONNECT.
    async fn last_words(&mut self) -> Result<(), Trouble> {
        loop {
            match self.link.turn(&mut Vec::new()).await {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(Trouble::Stream(error)),
                Ok(_) => self.complaint().map_err(Trouble::Session)?,
            }
        }
    }

    fn complaint(&mut self) -> Result<(), Failure> {
        let version = self.version();
        while let Ok(Some(frame)) = mqtt::next_frame(&self.link.incoming, usize::MAX) {
            if let Ok(Packet::Disconnect(end)) = Packet::decode(&frame, version)
                && end.reason.is_error()
            {
                return Err(Failure::disconnected(&end));
            }
            let size = frame.bytes.len();
            self.link.incoming.advance(size);
        }
        Ok(())
    }
}
