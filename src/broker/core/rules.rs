//! Who may do what: the program the broker is a part of says it, and where it
//! leaves it open, the ACL.

use super::acl::{Access, Acl, Who};
use super::hooks::Hooks;
use crate::mqtt::topic::Filter;
use std::sync::Arc;

/// The rules in force.
#[derive(Debug)]
pub(super) struct Rules {
    acl: Option<Acl>,
    hooks: Option<Arc<dyn Hooks>>,
}

impl Rules {
    /// `None` where everybody may do everything.
    pub(super) fn new(acl: Option<Acl>, hooks: Option<&Arc<dyn Hooks>>) -> Option<Arc<Self>> {
        let any = acl.is_some() || hooks.is_some();
        any.then(|| Arc::new(Self { acl, hooks: hooks.cloned() }))
    }

    /// Whether `who` may do this with `topic`.
    pub(super) fn allow(&self, who: Who<'_>, access: Access, topic: &str) -> bool {
        let hook = self.hooks.as_ref().and_then(|hooks| hooks.authorize(who, access, topic));
        hook.unwrap_or_else(|| self.acl.as_ref().is_none_or(|acl| acl.allows(who, access, topic)))
    }

    /// Whether a subscription of `who` to `filter` makes sense.
    pub(super) fn allow_subscription(&self, who: Who<'_>, filter: &Filter<'_>) -> bool {
        let hook = self.hooks.as_ref().and_then(|hooks| hooks.subscribe(who, filter.pattern));
        let acl = self.acl.as_ref();
        hook.unwrap_or_else(|| acl.is_none_or(|acl| acl.allows_subscription(who, filter)))
    }
}
