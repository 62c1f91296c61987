//! Who may do what: the program the broker is a part of says it, and where it
//! leaves it open, the ACL.

use super::acl::{Access, Acl, Who};
use super::hooks::Hooks;
use crate::mqtt::topic::Filter;
use std::collections::HashMap;
use std::sync::Arc;

/// The rules there are: those of the broker, and those of listeners that have
/// their own. `None` lets everybody do everything.
#[derive(Debug, Clone, Default)]
pub struct Acls {
    /// For clients whose listener has no rules of its own.
    pub common: Option<Acl>,
    /// For the others, by the name in [`super::Realm::rules`]. Who has a name
    /// that is not there may do nothing where there are rules at all: the
    /// listener its session came in at is gone.
    pub realms: HashMap<Box<str>, Option<Acl>>,
}

impl Acls {
    fn is_empty(&self) -> bool {
        self.common.is_none() && self.realms.values().all(Option::is_none)
    }

    /// What the rules that hold for `who` say, if they are asked.
    fn verdict(&self, who: Who<'_>, ask: impl Fn(&Acl) -> bool) -> bool {
        match who.realm.and_then(|realm| realm.rules.as_ref()) {
            None => self.common.as_ref().is_none_or(ask),
            Some(name) => self.realms.get(name).is_some_and(|acl| acl.as_ref().is_none_or(ask)),
        }
    }
}

impl From<Option<Acl>> for Acls {
    /// The same for everybody.
    fn from(common: Option<Acl>) -> Self {
        Self { common, realms: HashMap::new() }
    }
}

/// The rules in force.
#[derive(Debug)]
pub(super) struct Rules {
    acls: Acls,
    hooks: Option<Arc<dyn Hooks>>,
}

impl Rules {
    /// `None` where everybody may do everything.
    pub(super) fn new(acls: Acls, hooks: Option<&Arc<dyn Hooks>>) -> Option<Arc<Self>> {
        let any = !acls.is_empty() || hooks.is_some();
        any.then(|| Arc::new(Self { acls, hooks: hooks.cloned() }))
    }

    /// Whether `who` may do this with `topic`.
    pub(super) fn allow(&self, who: Who<'_>, access: Access, topic: &str) -> bool {
        let hook = self.hooks.as_ref().and_then(|hooks| hooks.authorize(who, access, topic));
        hook.unwrap_or_else(|| self.acls.verdict(who, |acl| acl.allows(who, access, topic)))
    }

    /// Whether a subscription of `who` to `filter` makes sense.
    pub(super) fn allow_subscription(&self, who: Who<'_>, filter: &Filter<'_>) -> bool {
        let hook = self.hooks.as_ref().and_then(|hooks| hooks.subscribe(who, filter.pattern));
        hook.unwrap_or_else(|| self.acls.verdict(who, |acl| acl.allows_subscription(who, filter)))
    }
}
