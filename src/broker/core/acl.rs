//! Rules on who may read and write which topics, in the order in which they
//! decide. Where they come from is not this module's concern.

use super::realm::Realm;
use crate::mqtt::topic::{self, Filter, TopicFilter};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// What a client wants to do with a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Get its messages.
    Read,
    /// Send messages to it.
    Write,
}

/// What a rule says of the topics it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// They may be read.
    Read,
    /// They may be written.
    Write,
    /// They may be read and written.
    ReadWrite,
    /// They may be neither.
    Deny,
}

/// Whom a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Clients without a user name.
    Anonymous,
    /// Clients with this user name.
    User(Box<str>),
    /// Everybody; `%c` in the filter stands for the client identifier and `%u`
    /// for the user name.
    Everyone,
}

/// A client as rules know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who<'a> {
    /// Its client identifier.
    pub client_id: &'a str,
    /// Its user name, if it has one.
    pub user: Option<&'a str>,
    /// What is different at the listener it came in at: a name is the same
    /// client's only within it.
    pub realm: Option<&'a Arc<Realm>>,
}

/// The rules.
///
/// A client's own rules come first, then those for everyone; among each, those
/// that deny come first. What no rule matches is denied. The server's own
/// topics (`$...`) are matched only by rules that begin with `$`.
#[derive(Debug, Clone, Default)]
pub struct Acl {
    anonymous: Rules,
    users: HashMap<Box<str>, Rules>,
    everyone: Rules,
}

#[derive(Debug, Clone, Default)]
struct Rules {
    deny: Vec<Rule>,
    allow: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    permission: Permission,
    filter: Box<str>,
    /// Bytes of the filter that stand in every topic it matches.
    literal: usize,
    /// Whether `%c` and `%u` stand for names.
    placeholders: bool,
}

impl Acl {
    /// Adds a rule. A share name in the filter is not looked at.
    pub fn add(&mut self, scope: Scope, permission: Permission, filter: &TopicFilter) {
        let placeholders = scope == Scope::Everyone;
        let rules = match scope {
            Scope::Anonymous => &mut self.anonymous,
            Scope::User(name) => self.users.entry(name).or_default(),
            Scope::Everyone => &mut self.everyone,
        };
        let rule = Rule::new(permission, filter.as_str(), placeholders);
        match permission {
            Permission::Deny => rules.deny.push(rule),
            _ => rules.allow.push(rule),
        }
    }

    /// Whether `who` may do this with `topic`.
    #[must_use]
    pub fn allows(&self, who: Who<'_>, access: Access, topic: &str) -> bool {
        let matches = |rule: &Rule| rule.matches(who, topic);
        self.decide(who, access, matches, matches)
    }

    /// Whether a subscription to `filter` could ever bring `who` a message:
    /// some rule allows a topic that it matches, and none denies all of them.
    #[must_use]
    pub fn allows_subscription(&self, who: Who<'_>, filter: &Filter<'_>) -> bool {
        let denied = |rule: &Rule| rule.with_filter(who, |own| own.covers(filter));
        let allowed = |rule: &Rule| rule.with_filter(who, |own| own.overlaps(filter));
        self.decide(who, Access::Read, denied, allowed)
    }

    fn decide(
        &self,
        who: Who<'_>,
        access: Access,
        denied: impl Fn(&Rule) -> bool,
        allowed: impl Fn(&Rule) -> bool,
    ) -> bool {
        let own = match who.user {
            Some(user) => self.users.get(user),
            None => Some(&self.anonymous),
        };
        if let Some(verdict) = own.and_then(|rules| rules.decide(access, &denied, &allowed)) {
            return verdict;
        }
        if self.everyone.is_empty() || who.has_wildcard() {
            return false;
        }
        self.everyone.decide(access, &denied, &allowed).unwrap_or(false)
    }
}

impl Rules {
    fn is_empty(&self) -> bool {
        self.deny.is_empty() && self.allow.is_empty()
    }

    fn decide(
        &self,
        access: Access,
        denied: impl Fn(&Rule) -> bool,
        allowed: impl Fn(&Rule) -> bool,
    ) -> Option<bool> {
        if self.deny.iter().any(denied) {
            return Some(false);
        }
        let mut granting = self.allow.iter().filter(|rule| rule.permission.grants(access));
        granting.any(allowed).then_some(true)
    }
}

impl Permission {
    const fn grants(self, access: Access) -> bool {
        match access {
            Access::Read => matches!(self, Self::Read | Self::ReadWrite),
            Access::Write => matches!(self, Self::Write | Self::ReadWrite),
        }
    }
}

impl Who<'_> {
    /// Whether a name holds a wildcard, which would widen the rules it stands in.
    fn has_wildcard(&self) -> bool {
        let names = [Some(self.client_id), self.user];
        names.into_iter().flatten().any(|name| name.contains(['+', '#']))
    }
}

impl Rule {
    fn new(permission: Permission, filter: &str, for_everyone: bool) -> Self {
        let placeholders = for_everyone && (filter.contains("%c") || filter.contains("%u"));
        let varies = |c: char| matches!(c, '+' | '#') || (placeholders && c == '%');
        let literal = filter.split(varies).next().unwrap_or_default();
        // `a/#` matches `a` too.
        let literal = literal.strip_suffix('/').unwrap_or(literal).len();
        Self { permission, filter: filter.into(), literal, placeholders }
    }

    fn matches(&self, who: Who<'_>, topic: &str) -> bool {
        // Most rules are ruled out here, before names are filled in.
        let literal = self.filter.as_bytes().get(..self.literal).unwrap_or_default();
        topic.as_bytes().starts_with(literal)
            && (!topic::is_system(topic) || topic::is_system(&self.filter))
            && self.with_filter(who, |filter| filter.matches(topic))
    }

    /// The answer of `ask` on the filter that the rule is for this client; no
    /// if the rule needs a name that the client does not have.
    fn with_filter(&self, who: Who<'_>, ask: impl Fn(&Filter<'_>) -> bool) -> bool {
        let pattern = if self.placeholders {
            fill(&self.filter, who).map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(&*self.filter))
        };
        pattern.is_some_and(|pattern| ask(&Filter { share: None, pattern: &pattern }))
    }
}

/// Puts the names of `who` in place of `%c` and `%u`; `None` if there is no
/// user name to put there.
fn fill(filter: &str, who: Who<'_>) -> Option<String> {
    let mut filled = String::with_capacity(filter.len() + who.client_id.len());
    let mut parts = filter.split('%');
    filled.push_str(parts.next()?);
    for part in parts {
        let name = match part.chars().next() {
            Some('c') => who.client_id,
            Some('u') => who.user?,
            _ => {
                filled.push('%');
                filled.push_str(part);
                continue;
            }
        };
        filled.push_str(name);
        filled.push_str(part.get(1..)?);
    }
    Some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acl(rules: &[(Scope, Permission, &str)]) -> Acl {
        let mut acl = Acl::default();
        for (scope, permission, filter) in rules {
            acl.add(scope.clone(), *permission, &filter.parse().unwrap());
        }
        acl
    }

    fn user(name: &str) -> Scope {
        Scope::User(name.into())
    }

    const ANN: Who<'_> = Who { client_id: "c1", user: Some("ann"), realm: None };
    const NOBODY: Who<'_> = Who { client_id: "c1", user: None, realm: None };

    #[test]
    fn own_rules_come_before_those_for_everyone_and_denials_before_the_rest() {
        let acl = acl(&[
            (user("ann"), Permission::ReadWrite, "a/#"),
            (user("ann"), Permission::Deny, "a/secret"),
            (Scope::Everyone, Permission::Deny, "a/b"),
            (Scope::Everyone, Permission::Read, "a/#"),
            (Scope::Anonymous, Permission::Write, "+"),
        ]);
        for (who, access, topic, verdict) in [
            (ANN, Access::Write, "a", true),
            (ANN, Access::Read, "a/secret", false),
            // Her own rule has already allowed what everyone is denied.
            (ANN, Access::Read, "a/b", true),
            (NOBODY, Access::Read, "a/b", false),
            (NOBODY, Access::Read, "a/c", true),
            (NOBODY, Access::Write, "a/c", false),
            (NOBODY, Access::Write, "x", true),
            (NOBODY, Access::Write, "$x", false),
            (ANN, Access::Write, "x", false),
        ] {
            assert_eq!(acl.allows(who, access, topic), verdict, "{who:?} {access:?} {topic}");
        }
    }

    #[test]
    fn names_stand_in_patterns_unless_they_would_widen_them() {
        let acl = acl(&[
            (Scope::Everyone, Permission::ReadWrite, "by-%c/100%/%u/#"),
            (Scope::Everyone, Permission::Read, "%c/x"),
            (user("a+"), Permission::Read, "own"),
        ]);
        let allows = |client_id, user, topic| {
            acl.allows(Who { client_id, user, realm: None }, Access::Read, topic)
        };
        assert!(allows("c1", Some("ann"), "by-c1/100%/ann/x"));
        assert!(!allows("c1", Some("ann"), "by-c2/100%/ann/x"));
        assert!(allows("%u", Some("ann"), "by-%u/100%/ann"), "names are not filled in again");
        assert!(!allows("c1", None, "by-c1/100%//x"), "nobody has no name");
        assert!(allows("c1", None, "c1/x"));
        assert!(!allows("+", None, "c1/x"));
        assert!(!allows("c1", Some("#"), "c1/x"));
        assert!(allows("c1", Some("a+"), "own"), "own rules hold no names");
        assert!(!allows("$SYS", None, "$SYS/x"), "only a rule that begins with $ gives those");
    }

    #[test]
    fn a_subscription_is_refused_when_nothing_could_come_of_it() {
        let acl = acl(&[
            (user("ann"), Permission::Read, "a/+/c"),
            (user("ann"), Permission::Write, "w"),
            (user("ann"), Permission::Deny, "a/secret/#"),
            (Scope::Everyone, Permission::Read, "own/%c"),
        ]);
        for (filter, verdict) in [
            ("#", true),
            ("a/b/c", true),
            ("a/#", true),
            ("a/secret/c", false),
            ("a/secret/+", false),
            ("w", false),
            ("own/c1", true),
            ("own/c2", false),
            ("$SYS/#", false),
        ] {
            let parsed = Filter::parse(filter).unwrap();
            assert_eq!(acl.allows_subscription(ANN, &parsed), verdict, "{filter}");
        }
    }
}
