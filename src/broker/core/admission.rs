//! What a client must be like that is let in at a listener: which version it
//! speaks and what it is called.

use super::event::Refusal;
use crate::mqtt::{Connect, Version};
use foldhash::quality::RandomState;
use std::hash::BuildHasher as _;

/// What a listener demands of a CONNECT, whoever sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The versions of MQTT that are taken; none named is all of them.
    pub versions: Vec<Version>,
    /// Whether clients may leave it to the broker to give them an identifier.
    pub empty_client_id: bool,
    /// What the identifiers begin with that the broker gives.
    pub auto_id_prefix: Box<str>,
    /// What every client identifier must begin with, a given one too; empty is
    /// anything.
    pub client_id_prefix: Box<str>,
    /// Whether a client's user name is its identifier too, whatever it calls
    /// itself; those without one are refused.
    pub user_is_client_id: bool,
}

impl Default for Admission {
    /// Every client is taken.
    fn default() -> Self {
        Self {
            versions: Vec::new(),
            empty_client_id: true,
            auto_id_prefix: "mqx-".into(),
            client_id_prefix: "".into(),
            user_is_client_id: false,
        }
    }
}

impl Admission {
    /// Why a CONNECT that was read is refused, if it is.
    pub(super) fn refusal(&self, connect: &Connect<'_>) -> Option<Refusal> {
        let unnamed = connect.client_id.is_empty();
        let kept = !connect.clean_start && !connect.version.is_v5();
        let name = if unnamed { &*self.auto_id_prefix } else { connect.client_id };
        let rows = [
            (self.takes(connect.version), Refusal::Version),
            (!(unnamed && kept), Refusal::ClientIdentifier),
            (!unnamed || self.empty_client_id, Refusal::Identifier),
            (name.starts_with(&*self.client_id_prefix), Refusal::Identifier),
        ];
        rows.into_iter().find_map(|(good, why)| (!good).then_some(why))
    }

    fn takes(&self, version: Version) -> bool {
        self.versions.is_empty() || self.versions.contains(&version)
    }

    /// An identifier for a client without one, from a `number` of its own.
    pub(super) fn assign(&self, number: u64) -> String {
        // Not to be guessed from the number alone: the hasher's seed is random.
        format!("{}{:016x}", self.auto_id_prefix, RandomState::default().hash_one(number))
    }
}
