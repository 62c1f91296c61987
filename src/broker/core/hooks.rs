//! What a program that the broker is a part of may decide.

use super::acl::{Access, Who};
use super::peer::Peer;
use crate::mqtt::{Connect, Message, Publish, ReasonCode};
use std::fmt;

/// Decisions about clients and their messages. Each has a default that leaves
/// everything as it is; an [`super::Observer`] is told what became of it.
///
/// All but [`Hooks::authenticate`] are called where the thing happens, on the
/// thread that serves the client and with locks of the core held: they must not
/// call the broker and should not take long.
pub trait Hooks: fmt::Debug + Send + Sync {
    /// Whether a client may try to come in; its password is not checked yet.
    ///
    /// # Errors
    /// What the client is told in CONNACK.
    fn connect(&self, _connect: &Connect<'_>, _peer: &Peer) -> Result<(), ReasonCode> {
        Ok(())
    }

    /// Whether `password` is that of `user`; `None` leaves it to the password
    /// file and the tokens, and where there are neither everybody is who they
    /// say they are. Called on a thread of its own, so it may take its time.
    fn authenticate(&self, _user: &str, _password: &[u8]) -> Option<bool> {
        None
    }

    /// Whether `who` may send or get messages of `topic`; `None` leaves it to
    /// the ACL. The answer is remembered until [`super::Core::reconsider`].
    fn authorize(&self, _who: Who<'_>, _access: Access, _topic: &str) -> Option<bool> {
        None
    }

    /// Whether `who` may subscribe to `filter`, which stands behind the group
    /// of a shared subscription; `None` leaves it to the ACL.
    fn subscribe(&self, _who: Who<'_>, _filter: &str) -> Option<bool> {
        None
    }

    /// What becomes of a message of `who`, or of its will. `who` may send to
    /// the topic; a message put in place of it may have any. One that was
    /// published by HTTP comes from the broker itself, whose client identifier
    /// is empty, as no client's is.
    fn publish(&self, _who: Who<'_>, _publish: &Publish<'_>) -> Decision {
        Decision::Pass
    }

    /// Whether `to` gets this message, which it may read. Not asked about
    /// retained messages that a new subscription brings.
    fn deliver(&self, _to: Who<'_>, _publish: &Publish<'_>) -> bool {
        true
    }
}

/// What becomes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is published as it is.
    Pass,
    /// This one is published in its place.
    Replace(Message),
    /// It is not published; a publisher of version 5 that asked for an answer
    /// is told this, which is to be an error.
    Refuse(ReasonCode),
}
