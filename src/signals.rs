//! The signals that ask a command to stop, as a future.

use crate::error::{Class, Error};
use std::task::{Context, Poll, Waker};

/// Why a command is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT, or Ctrl-C on other systems.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

impl Signal {
    /// The failure of a command that was stopped before its work was done.
    #[must_use]
    pub fn error(self) -> Error {
        match self {
            Self::Interrupt => Error::new(Class::Interrupted, "interrupted"),
            Self::Terminate => Error::new(Class::Terminated, "terminated"),
        }
    }
}

/// Ends with the first signal that asks to stop. From the first poll on, such
/// a signal no longer ends the process by itself.
pub async fn stop() -> Signal {
    tokio::select! {
        () = interrupt() => Signal::Interrupt,
        () = terminate() => Signal::Terminate,
    }
}

/// As [`stop`], but hears signals from the call on and not from the first poll. Must be
/// called in a runtime.
pub fn stop_from_now_on() -> impl Future<Output = Signal> {
    let mut stop = Box::pin(stop());
    let first = stop.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    async move {
        match first {
            Poll::Ready(signal) => signal,
            Poll::Pending => stop.await,
        }
    }
}

async fn interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(unix)]
async fn terminate() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

/// The SIGHUPs that ask a command to read its configuration again. From the
/// first on, such a signal no longer ends the process.
#[derive(Debug)]
pub struct Hangups {
    #[cfg(unix)]
    signals: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Hangups {
    /// Those that come from now on; there are none where the process cannot be told of
    /// them.
    #[must_use]
    pub fn from_now_on() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self { signals: signal(SignalKind::hangup()).ok() }
    }

    /// Ready with the next one.
    pub async fn next(&mut self) {
        if let Some(signals) = &mut self.signals
            && signals.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}

#[cfg(not(unix))]
impl Hangups {
    /// There are none.
    #[must_use]
    pub fn from_now_on() -> Self {
        Self {}
    }

    /// Never ready.
    pub async fn next(&mut self) {
        std::future::pending::<()>().await;
    }
}

#[cfg(not(unix))]
async fn terminate() {
    std::future::pending().await
}
