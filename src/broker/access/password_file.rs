//! mosquitto's `password_file`: lines `user:password`, the password as a rule
//! hashed.

use super::password::Password;
use super::scram::Verifier;
use super::{Problem, read_lines};
use crate::error::Result;
use std::collections::HashMap;
use std::path::Path;

/// Users and their passwords.
#[derive(Debug, Clone, Default)]
pub struct Passwords {
    users: HashMap<Box<str>, Password>,
}

/// Reads the users in the file at `path`, with warnings for people.
///
/// # Errors
/// When the file cannot be read, or a line is none of mosquitto's; the error
/// says which line.
pub fn load(path: &Path) -> Result<(Passwords, Vec<String>)> {
    let mut passwords = Passwords::default();
    read_lines(path, |line| passwords.take(line))?;
    let plain = passwords.plain();
    let warning = format!(
        "{}: the passwords of {plain} users are readable; `mqx broker passwd` hashes them",
        path.display()
    );
    Ok((passwords, (plain > 0).then_some(warning).into_iter().collect()))
}

impl Passwords {
    fn take(&mut self, line: &str) -> Result<(), Problem> {
        let (user, password) = line.split_once(':').ok_or("a line reads user:password")?;
        if user.is_empty() || password.is_empty() {
            return Err("the user or the password is missing".to_owned());
        }
        let known = self.users.insert(user.into(), Password::parse(password)?);
        known.map_or(Ok(()), |_| Err(format!("user {user:?} is there twice")))
    }

    fn plain(&self) -> usize {
        let passwords = self.users.values();
        passwords.filter(|password| matches!(password, Password::Plain(_))).count()
    }

    /// The users whose passwords are kept as SCRAM verifiers.
    pub(super) fn verifiers(&self) -> impl Iterator<Item = (Box<str>, Verifier)> {
        self.users.iter().filter_map(|(user, password)| match password {
            Password::Scram(verifier) => Some((user.clone(), verifier.clone())),
            _ => None,
        })
    }

    /// Whether `user` has this password; may take tens of milliseconds. An
    /// unknown user takes as long as some known one, so that time does not tell
    /// who is known.
    #[must_use]
    pub fn check(&self, user: &str, password: &[u8]) -> bool {
        let known = self.users.get(user);
        let compared = known.or_else(|| self.users.values().next());
        compared.is_some_and(|compared| compared.is(password)) && known.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Passwords, (usize, Problem)> {
        let mut passwords = Passwords::default();
        for (number, line) in super::super::lines(text.as_bytes()) {
            passwords.take(line.unwrap()).map_err(|problem| (number, problem))?;
        }
        Ok(passwords)
    }

    #[test]
    fn a_user_is_known_by_the_password_of_its_line() {
        let passwords = parse("# users\n\nann:a:b\r\nbob:c\n").unwrap();
        assert!(passwords.check("ann", b"a:b"));
        assert!(passwords.check("bob", b"c"));
        for (user, password) in [("ann", "c"), ("eve", "c"), ("eve", "a:b"), ("", ""), ("bob", "")]
        {
            assert!(!passwords.check(user, password.as_bytes()), "{user}:{password}");
        }
        assert_eq!(passwords.plain(), 2);
    }

    #[test]
    fn a_line_that_means_nothing_is_named_with_its_number() {
        for (text, number) in
            [("ann", 1), ("\n:x", 2), ("ann:", 1), ("a:b\na:c", 2), ("ann:$9$x", 1)]
        {
            assert_eq!(parse(text).unwrap_err().0, number, "{text}");
        }
    }
}
