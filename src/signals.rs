//! The signals that ask a command to stop, as a future.

use crate::error::{Class, Error};

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

#[cfg(not(unix))]
async fn terminate() {
    std::future::pending().await
}
