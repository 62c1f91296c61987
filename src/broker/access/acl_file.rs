//! mosquitto's `acl_file`.
//!
//! `user <name>` opens a section; rules before the first are for clients
//! without a name. `topic [read|write|readwrite|deny] <filter>` is a rule of
//! the section, `pattern ...` one for everybody, in which `%c` and `%u` stand
//! for names. A filter is the rest of its line and may hold spaces.

use super::{Problem, read_lines};
use crate::broker::core::{Acl, Permission, Scope};
use crate::error::Result;
use crate::mqtt::topic::{Filter, TopicFilter};
use std::path::Path;

/// The words for what a rule says; without one it is `readwrite`.
const PERMISSIONS: [(&str, Permission); 4] = [
    ("read", Permission::Read),
    ("write", Permission::Write),
    ("readwrite", Permission::ReadWrite),
    ("deny", Permission::Deny),
];

/// Reads the rules in the file at `path`.
///
/// # Errors
/// When the file cannot be read, or a line is none of mosquitto's; the error
/// says which line.
pub fn load(path: &Path) -> Result<Acl> {
    let mut file = AclFile::default();
    read_lines(path, |line| file.take(line))?;
    Ok(file.acl)
}

/// What has been read so far.
#[derive(Debug, Default)]
struct AclFile {
    acl: Acl,
    /// The section that lines belong to.
    user: Option<Box<str>>,
}

impl AclFile {
    fn take(&mut self, line: &str) -> Result<(), Problem> {
        let (word, rest) = split_word(line);
        let scope = match word {
            "user" if rest.is_empty() => return Err("a name must follow user".to_owned()),
            "user" => {
                self.user = Some(rest.into());
                return Ok(());
            }
            "topic" => self.user.clone().map_or(Scope::Anonymous, Scope::User),
            "pattern" => Scope::Everyone,
            _ => return Err(format!("a line begins with user, topic or pattern, not {word:?}")),
        };
        let (permission, filter) = rule(rest)?;
        self.acl.add(scope, permission, &filter);
        Ok(())
    }
}

fn rule(text: &str) -> Result<(Permission, TopicFilter), Problem> {
    let (word, rest) = split_word(text);
    let (permission, filter) = match PERMISSIONS.iter().find(|row| row.0 == word) {
        _ if rest.is_empty() => (Permission::ReadWrite, word),
        Some((_, permission)) => (*permission, rest),
        None => {
            return Err(format!("{word:?} is none of read, write, readwrite and deny"));
        }
    };
    if filter.is_empty() {
        return Err("a topic filter is missing".to_owned());
    }
    let checked = filter.parse().map_err(|error| format!("{filter:?}: {error}"))?;
    match Filter::parse(filter) {
        Ok(Filter { share: Some(_), pattern }) => {
            Err(format!("a rule is about topics, not about a shared subscription: {pattern:?}"))
        }
        _ => Ok((permission, checked)),
    }
}

/// The first word and what follows it.
fn split_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    (word, rest.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::core::{Access, Who};
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Acl, (usize, Problem)> {
        let mut file = AclFile::default();
        for (number, line) in super::super::lines(text.as_bytes()) {
            file.take(line.unwrap()).map_err(|problem| (number, problem))?;
        }
        Ok(file.acl)
    }

    #[test]
    fn sections_permissions_and_spaces_are_read_as_mosquitto_reads_them() {
        let acl = parse("# comment\n  topic read  news/# \r\n\nuser ann lee\ntopic write a b/c\n")
            .unwrap();
        let nobody = Who { client_id: "c", user: None, realm: None };
        let ann = Who { client_id: "c", user: Some("ann lee"), realm: None };
        assert!(acl.allows(nobody, Access::Read, "news/x"));
        assert!(!acl.allows(ann, Access::Read, "news/x"));
        assert!(acl.allows(ann, Access::Write, "a b/c"));
    }

    #[test]
    fn a_line_that_means_nothing_is_named_with_its_number() {
        for (text, number, problem) in [
            ("topic x\n\nuser", 3, "a name must follow user"),
            ("topics x", 1, "a line begins with user, topic or pattern, not \"topics\""),
            ("topic", 1, "a topic filter is missing"),
            ("topic wrong x", 1, "\"wrong\" is none of read, write, readwrite and deny"),
            ("#\ntopic read a#", 2, "\"a#\": # must fill a whole level of a topic filter"),
            (
                "topic $share/g/t",
                1,
                "a rule is about topics, not about a shared subscription: \"t\"",
            ),
        ] {
            let (found, said) = parse(text).unwrap_err();
            assert_eq!(found, number, "{text}");
            assert!(said.starts_with(problem), "{said}");
            assert!(!said.contains('\n'));
        }
    }

    /// A rule as the property test writes it down.
    type Line = (Option<&'static str>, bool, usize, String);

    /// mosquitto's order of decision, step by step.
    fn expected(lines: &[Line], user: Option<&str>, access: Access, topic: &str) -> bool {
        let of = |pattern: bool| {
            lines.iter().filter(move |line| line.1 == pattern && (pattern || line.0 == user))
        };
        for pattern in [false, true] {
            let matches = |line: &&Line| Filter::parse(&line.3).unwrap().matches(topic);
            let permission = |line: &&Line| PERMISSIONS[line.2].1;
            if of(pattern).filter(matches).any(|line| permission(&line) == Permission::Deny) {
                return false;
            }
            let wanted = match access {
                Access::Read => [Permission::Read, Permission::ReadWrite],
                Access::Write => [Permission::Write, Permission::ReadWrite],
            };
            if of(pattern).filter(matches).any(|line| wanted.contains(&permission(&line))) {
                return true;
            }
        }
        false
    }

    proptest! {
        #[test]
        fn a_file_of_rules_decides_as_the_rules_do(
            mut lines in proptest::collection::vec(
                (
                    proptest::option::of(proptest::sample::select(vec!["ann", "bob"])),
                    proptest::bool::ANY,
                    0usize..4,
                    "(\\$s|[ab]|\\+)(/([ab]|\\+)){0,2}(/#)?",
                ),
                0..8,
            ),
            topic in "(\\$s|[ab])(/[ab]){0,3}",
        ) {
            // Anonymous rules stand before the first section.
            lines.sort_by_key(|line| line.0);
            let mut text = String::new();
            for (user, pattern, permission, filter) in &lines {
                let section = user.map(|user| format!("user {user}\n")).unwrap_or_default();
                let word = if *pattern { "pattern" } else { "topic" };
                let rule = format!("{word} {} {filter}\n", PERMISSIONS[*permission].0);
                text.extend([section, rule]);
            }
            let acl = parse(&text).unwrap();
            for user in [None, Some("ann"), Some("eve")] {
                for access in [Access::Read, Access::Write] {
                    let who = Who { client_id: "c", user, realm: None };
                    prop_assert_eq!(
                        acl.allows(who, access, &topic),
                        expected(&lines, user, access, &topic)
                    );
                }
            }
        }

        #[test]
        fn no_text_is_too_strange_to_be_answered(text in "(user|topic|pattern|read|%c|#|/| |\n|\\PC){0,40}") {
            let _ = parse(&text);
        }
    }
}
