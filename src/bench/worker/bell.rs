//! Wakes a task of the same thread, without allocation or atomics.

use std::cell::{Cell, RefCell};
use std::task::{Context, Poll, Waker};

/// Rung by anyone, heard by one task; a ring before it listens is kept.
#[derive(Debug, Default)]
pub(in crate::bench) struct Bell {
    rung: Cell<bool>,
    listener: RefCell<Option<Waker>>,
}

impl Bell {
    /// Wakes the listener.
    pub(super) fn ring(&self) {
        if !self.rung.replace(true)
            && let Some(listener) = self.listener.take()
        {
            listener.wake();
        }
    }

    /// Ready once for any number of rings since the last time.
    pub(in crate::bench) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.rung.take() {
            return Poll::Ready(());
        }
        let mut listener = self.listener.borrow_mut();
        if !listener.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
            *listener = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}
