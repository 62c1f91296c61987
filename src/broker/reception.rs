//! Who is let in at a listener and how TLS is spoken there: what holds for the
//! next connection, and can be changed for those after it.

use super::access::{Common, Gate};
use super::config::Listen;
use super::core::{Crowd, Entrance};
use crate::net::websocket::Origins;
use crate::net::{CertificateName, TlsServer};
use parking_lot::RwLock;
use std::sync::Arc;

/// What holds at the ports of one [`Listen`] now.
#[derive(Debug)]
pub(super) struct Reception {
    terms: RwLock<Arc<Terms>>,
    /// Everybody who has come in here, whatever held then.
    crowd: Arc<Crowd>,
}

/// What holds for a connection from its beginning to its end.
#[derive(Debug)]
pub(super) struct Terms {
    /// How to speak TLS, if it may be spoken.
    pub(super) tls: Option<TlsServer>,
    /// The name in a client's certificate that is its user name.
    pub(super) identity: Option<CertificateName>,
    /// The web pages that may connect.
    pub(super) origins: Origins,
    /// Who is let in at a port.
    pub(super) entrance: Arc<Entrance>,
    /// Who is let in at the Unix socket.
    pub(super) local_entrance: Arc<Entrance>,
    /// Who knows the passwords.
    pub(super) gate: Arc<Gate>,
}

impl Reception {
    /// Meets clients as `listen` says, those whose passwords must be checked in
    /// turn with those at other listeners.
    pub(super) fn new(listen: &Listen, common: &Arc<Common>) -> Self {
        let crowd = Arc::default();
        Self { terms: RwLock::new(Arc::new(Terms::new(listen, common, &crowd))), crowd }
    }

    /// Meets those who come from now on as `listen` says.
    pub(super) fn change(&self, listen: &Listen, common: &Arc<Common>) {
        *self.terms.write() = Arc::new(Terms::new(listen, common, &self.crowd));
    }

    /// What holds for a connection that comes now.
    pub(super) fn terms(&self) -> Arc<Terms> {
        Arc::clone(&self.terms.read())
    }
}

impl Terms {
    fn new(listen: &Listen, common: &Arc<Common>, crowd: &Arc<Crowd>) -> Self {
        let met = |entrance: Entrance| {
            let passwords = entrance.passwords || common.asks();
            Arc::new(Entrance { passwords, crowd: Arc::clone(crowd), ..entrance })
        };
        Self {
            tls: listen.tls.clone(),
            identity: listen.identity,
            origins: listen.origins(),
            entrance: met(listen.entrance()),
            local_entrance: met(listen.local_entrance()),
            gate: Arc::new(Gate::new(
                listen.passwords.clone(),
                listen.tokens.clone(),
                listen.methods(),
                Arc::clone(common),
            )),
        }
    }
}
