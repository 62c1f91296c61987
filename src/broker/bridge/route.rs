//! Which topics a bridge carries, and under which names on either side.

use crate::mqtt::QoS;
use crate::mqtt::topic::TopicFilter;
use std::borrow::Cow;

/// Which way messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// To the other broker.
    #[default]
    Out,
    /// From the other broker.
    In,
    /// Both ways.
    Both,
}

/// Topics that a bridge carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    direction: Direction,
    qos: QoS,
    local_prefix: String,
    remote_prefix: String,
    local: TopicFilter,
    remote: TopicFilter,
}

impl Route {
    /// The topics that `pattern` matches behind `local_prefix` here and behind
    /// `remote_prefix` there. An empty pattern is one topic, with the name that
    /// each prefix is. A message is carried with `qos` at most.
    ///
    /// # Errors
    /// What is wrong with the pattern or a prefix.
    pub fn new(
        pattern: &str,
        direction: Direction,
        qos: QoS,
        local_prefix: &str,
        remote_prefix: &str,
    ) -> Result<Self, &'static str> {
        if pattern.is_empty() && (local_prefix.is_empty() || remote_prefix.is_empty()) {
            return Err("an empty pattern needs a prefix on both sides");
        }
        if [local_prefix, remote_prefix].iter().any(|prefix| prefix.contains(['#', '+'])) {
            return Err("a prefix has no wildcard");
        }
        let filter = |prefix| format!("{prefix}{pattern}").parse().map_err(|_| BAD_PATTERN);
        Ok(Self {
            direction,
            qos,
            local: filter(local_prefix)?,
            remote: filter(remote_prefix)?,
            local_prefix: local_prefix.to_owned(),
            remote_prefix: remote_prefix.to_owned(),
        })
    }

    /// The quality of service that messages are carried with at most.
    #[must_use]
    pub const fn qos(&self) -> QoS {
        self.qos
    }

    /// What to subscribe to here, if messages go out.
    #[must_use]
    pub fn local_filter(&self) -> Option<&str> {
        (self.direction != Direction::In).then(|| self.local.as_str())
    }

    /// What to subscribe to there, if messages come in.
    #[must_use]
    pub fn remote_filter(&self) -> Option<&str> {
        (self.direction != Direction::Out).then(|| self.remote.as_str())
    }

    /// What is not subscribed to there, since messages go out only.
    fn unwanted_filter(&self) -> Option<&str> {
        (self.direction == Direction::Out).then(|| self.remote.as_str())
    }

    fn renames(&self) -> bool {
        !(self.local_prefix.is_empty() && self.remote_prefix.is_empty())
    }

    fn out(&self, topic: &str) -> Option<String> {
        let goes = self.direction != Direction::In && self.local.matches(topic);
        goes.then(|| exchanged(topic, &self.local_prefix, &self.remote_prefix))
    }

    fn into(&self, topic: &str) -> Option<String> {
        let comes = self.direction != Direction::Out && self.remote.matches(topic);
        comes.then(|| exchanged(topic, &self.remote_prefix, &self.local_prefix))
    }
}

const BAD_PATTERN: &str = "this is no topic filter: # and + each fill a level, and # is the last";

/// `topic` with the prefix `to` in place of `from`. Of all that `a/#` matches
/// only `a` does not begin with `a/`; it gets the prefix in front, as in mosquitto.
fn exchanged(topic: &str, from: &str, to: &str) -> String {
    format!("{to}{}", topic.strip_prefix(from).unwrap_or(topic))
}

/// All that a bridge carries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Routes(Vec<Route>);

impl Routes {
    /// These; of those that rename a topic the first holds.
    #[must_use]
    pub const fn new(routes: Vec<Route>) -> Self {
        Self(routes)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.0.iter()
    }

    /// The name at the other broker of a message of this topic here; `None` if
    /// it is not carried.
    #[must_use]
    pub fn to_remote<'a>(&self, topic: &'a str) -> Option<Cow<'a, str>> {
        self.rename(topic, Route::out)
    }

    /// The name here of a message of this topic at the other broker; `None` if
    /// it is not carried.
    #[must_use]
    pub fn to_local<'a>(&self, topic: &'a str) -> Option<Cow<'a, str>> {
        self.rename(topic, Route::into)
    }

    fn rename<'a>(
        &self,
        topic: &'a str,
        renamed: fn(&Route, &str) -> Option<String>,
    ) -> Option<Cow<'a, str>> {
        let mut routes = self.0.iter().filter(|route| route.renames());
        let found = routes.find_map(|route| renamed(route, topic)).map(Cow::Owned);
        found.or_else(|| {
            let mut plain = self.0.iter().filter(|route| !route.renames());
            plain.find(|route| renamed(route, topic).is_some()).map(|_| Cow::Borrowed(topic))
        })
    }

    /// What the other broker may still be asked for from an earlier day, when
    /// messages came in that only go out now.
    pub(super) fn unwanted(&self) -> Vec<&str> {
        let wanted = |filter: &str| self.iter().any(|route| route.remote_filter() == Some(filter));
        let unwanted = self.iter().filter_map(Route::unwanted_filter);
        unwanted.filter(|filter| !wanted(filter)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn route(pattern: &str, direction: Direction, local: &str, remote: &str) -> Route {
        Route::new(pattern, direction, QoS::AtLeastOnce, local, remote).unwrap()
    }

    #[test]
    fn a_pattern_and_its_prefixes_are_valid_as_the_manual_of_mosquitto_says() {
        for (pattern, local, remote, filters) in [
            ("pattern", "L/", "R/", Some(("L/pattern", "R/pattern"))),
            ("pattern", "L/", "", Some(("L/pattern", "pattern"))),
            ("pattern", "", "R/", Some(("pattern", "R/pattern"))),
            ("pattern", "", "", Some(("pattern", "pattern"))),
            ("", "local", "remote", Some(("local", "remote"))),
            ("", "local", "", None),
            ("", "", "remote", None),
            ("", "", "", None),
            ("a#", "", "", None),
            ("#", "a+/", "", None),
            ("#", "a", "", None),
        ] {
            let made = Route::new(pattern, Direction::Both, QoS::AtMostOnce, local, remote).ok();
            let found = made
                .as_ref()
                .map(|route| (route.local_filter().unwrap(), route.remote_filter().unwrap()));
            assert_eq!(found, filters, "{pattern:?} {local:?} {remote:?}");
        }
    }

    #[test]
    fn the_first_route_that_renames_a_topic_holds_and_others_leave_it_as_it_is() {
        use Direction::{Both, In, Out};
        let routes = Routes::new(vec![
            route("#", Out, "", ""),
            route("#", Both, "l/", "r/"),
            route("x/#", In, "l2/", "r/"),
            route("", Out, "one", "uno"),
        ]);
        let out = |topic| routes.to_remote(topic).map(Cow::into_owned);
        let into = |topic| routes.to_local(topic).map(Cow::into_owned);
        assert_eq!(out("l/a"), Some("r/a".to_owned()));
        assert_eq!(out("other"), Some("other".to_owned()));
        assert_eq!(out("l"), Some("r/l".to_owned()));
        assert_eq!(out("one"), Some("uno".to_owned()));
        assert_eq!(out("$SYS/x"), None);
        assert_eq!(into("r/x/y"), Some("l/x/y".to_owned()));
        assert_eq!(into("other"), None);
        assert_eq!(into("uno"), None);
    }

    #[test]
    fn only_what_does_not_come_in_by_another_route_is_unwanted() {
        use Direction::{Both, In, Out};
        let routes = Routes::new(vec![
            route("a", Out, "", "r/"),
            route("b", Out, "", ""),
            route("b", In, "l/", ""),
            route("c", Both, "", ""),
        ]);
        assert_eq!(routes.unwanted(), ["r/a"]);
    }

    proptest! {
        #[test]
        fn what_goes_out_and_comes_back_has_its_own_name_again(
            pattern in "([ab]|\\+)(/([ab]|\\+)){0,2}(/#)?|#",
            local in "([ab]/){0,2}",
            remote in "([ab]/){0,2}",
            topic in "[ab](/[ab]){0,4}",
        ) {
            let route = route(&pattern, Direction::Both, &local, &remote);
            let routes = Routes::new(vec![route.clone()]);
            let there = routes.to_remote(&topic);
            prop_assert_eq!(there.is_some(), route.local.matches(&topic));
            if let Some(there) = there.filter(|_| topic.starts_with(&local)) {
                prop_assert!(route.remote.matches(&there));
                let back = routes.to_local(&there);
                prop_assert_eq!(back.as_deref(), Some(&*topic));
            }
        }
    }
}
