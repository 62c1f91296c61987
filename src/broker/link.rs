//! A connection's transport as the core sees it: the socket, and the bell of
//! the task that owns it.

use super::core::{Attempt, Link, Outflow};
use super::socket::Writer;
use parking_lot::Mutex;
use std::io::{self, IoSlice};
use std::task::{Context, Poll, Waker};

/// The link of one connection.
#[derive(Debug)]
pub(super) struct SocketLink {
    /// The socket, where any worker may write to it as it is (not for TLS or WebSocket).
    socket: Option<Writer>,
    bell: Mutex<Bell>,
}

#[derive(Debug, Default)]
struct Bell {
    rung: bool,
    last: Option<Box<Outflow>>,
    waker: Option<Waker>,
}

/// What the owner of a link was asked for.
#[derive(Debug)]
pub(super) enum Asked {
    /// To write the output that there is.
    Write,
    /// To write these last bytes and close.
    Finish(Box<Outflow>),
}

impl SocketLink {
    pub(super) fn new(socket: Option<Writer>) -> Self {
        Self { socket, bell: Mutex::default() }
    }

    /// What the owner is asked for, once for each time it was.
    pub(super) fn poll_asked(&self, cx: &Context<'_>) -> Poll<Asked> {
        let mut bell = self.bell.lock();
        if let Some(last) = bell.last.take() {
            return Poll::Ready(Asked::Finish(last));
        }
        if std::mem::take(&mut bell.rung) {
            return Poll::Ready(Asked::Write);
        }
        match &mut bell.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            None => bell.waker = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    fn ring(&self, change: impl FnOnce(&mut Bell)) {
        let mut bell = self.bell.lock();
        change(&mut bell);
        let waker = bell.waker.take();
        drop(bell);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Link for SocketLink {
    fn try_write(&self, output: &Outflow) -> Attempt {
        let Some(socket) = &self.socket else {
            return Attempt::Wrote(0);
        };
        let attempt = if let Some(bytes) = output.in_one_piece() {
            socket.try_write(bytes)
        } else {
            let pieces: Vec<_> = output.pieces().map(IoSlice::new).collect();
            socket.try_write_vectored(&pieces)
        };
        match attempt {
            Ok(count) => Attempt::Wrote(count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Attempt::Wrote(0),
            Err(_) => Attempt::Broken,
        }
    }

    fn wake(&self) {
        self.ring(|bell| bell.rung = true);
    }

    fn finish(&self, last: Outflow) {
        self.ring(|bell| bell.last = Some(Box::new(last)));
    }
}
