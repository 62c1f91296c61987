//! A client session joined to the core without a socket between: bytes of the
//! one are brought to the other.

use crate::broker::core::{Connection, Entrance, Peer};
use crate::broker::link::{Asked, SocketLink};
use crate::broker::worker::Shared;
use crate::session::{ClientSession, Event, Failure, Time};
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;

/// A client in this process, connected or about to be.
#[derive(Debug)]
pub(in crate::broker) struct Insider {
    shared: Rc<Shared>,
    link: Arc<SocketLink>,
    connection: Connection,
    pub(in crate::broker) session: ClientSession,
}

impl Insider {
    /// Begins the connection that `session` was told to begin.
    pub(in crate::broker) fn enter(
        shared: Rc<Shared>,
        session: ClientSession,
        entrance: Arc<Entrance>,
    ) -> Self {
        let link = Arc::new(SocketLink::new(None));
        let for_core = Arc::clone(&link);
        let connection = shared.batch(|core, worker| {
            core.accept(worker, for_core, Peer { inside: true, entrance, ..Peer::default() })
        });
        Self { shared, link, connection, session }
    }

    pub(in crate::broker) fn now(&self) -> Time {
        self.shared.now()
    }

    /// Waits until the core asks for something.
    pub(in crate::broker) async fn asked(&self) -> Asked {
        poll_fn(|cx| self.link.poll_asked(cx)).await
    }

    /// Moves bytes both ways until there are none.
    ///
    /// # Errors
    /// When the session can go on no more.
    pub(in crate::broker) fn exchange(
        &mut self,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Failure> {
        while self.take(on_event)? || !self.session.output().is_empty() {}
        Ok(())
    }

    /// Brings what the session has to say to the core.
    pub(in crate::broker) fn send(&mut self) {
        let sent = std::mem::take(self.session.output());
        if !sent.is_empty() {
            let connection = &mut self.connection;
            self.shared.batch(|core, worker| core.receive(worker, connection, &sent));
        }
    }

    /// The same, and brings what the core has to say back once; returns whether
    /// that was something.
    ///
    /// # Errors
    /// When the session can go on no more.
    pub(in crate::broker) fn take(
        &mut self,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<bool, Failure> {
        let sent = std::mem::take(self.session.output());
        let connection = &mut self.connection;
        let received = self.shared.batch(|core, worker| {
            core.receive(worker, connection, &sent);
            core.take_output(connection, worker)
        });
        received.map_or(Ok(false), |output| self.receive(&output.whole(), on_event).map(|()| true))
    }

    /// Takes whole packets, which is what the core's output is.
    ///
    /// # Errors
    /// When the session can go on no more.
    pub(in crate::broker) fn receive(
        &mut self,
        bytes: &[u8],
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Failure> {
        let now = self.now();
        self.session.receive(bytes, now, on_event).map(drop)
    }

    /// Ends the connection, without a goodbye if none was said.
    pub(in crate::broker) fn leave(mut self) -> ClientSession {
        let connection = &mut self.connection;
        self.shared.batch(|core, worker| core.close(worker, connection));
        self.session
    }
}
