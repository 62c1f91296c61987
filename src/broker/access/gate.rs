//! Checks passwords away from the workers: a check costs tens of milliseconds
//! and much memory, and only the connection it is for may wait for it.

use super::password_file::Passwords;
use super::slowdown::Slowdown;
use crate::broker::core::Question;
use aws_lc_rs::{hmac, rand};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Semaphore;

/// Checks made at once: each may take 47 MiB and a core.
const CHECKS: usize = 2;

/// Answers whether a client is who it says it is.
#[derive(Debug)]
pub(in crate::broker) struct Gate {
    passwords: Passwords,
    /// What passed last for each user, under a key of this process; so that a
    /// client that comes again does not cost a check.
    passed: Mutex<HashMap<Box<str>, hmac::Tag>>,
    key: hmac::Key,
    slowdown: Mutex<Slowdown>,
    checks: Semaphore,
}

impl Gate {
    pub(in crate::broker) fn new(passwords: Passwords) -> Self {
        let mut key = [0; 32];
        // A process without random numbers could not have started TLS either;
        // with a key of zeros the memory is readable to whoever reads memory.
        let seeded = rand::fill(&mut key);
        debug_assert!(seeded.is_ok(), "the system has random numbers");
        Self {
            passwords,
            passed: Mutex::default(),
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            slowdown: Mutex::default(),
            checks: Semaphore::new(CHECKS),
        }
    }

    /// Whether the client at `address` has the right password. Waits its turn
    /// where attempts from there have failed.
    pub(in crate::broker) async fn admits(
        self: Arc<Self>,
        question: Question,
        address: Option<IpAddr>,
    ) -> bool {
        if let Some(address) = address {
            let turn = self.slowdown.lock().turn(address, Instant::now());
            tokio::time::sleep_until(turn.into()).await;
        }
        let passes = self.has_passed(&question) || Arc::clone(&self).check(question).await;
        if let Some(address) = address.filter(|_| !passes) {
            self.slowdown.lock().failed(address, Instant::now());
        }
        passes
    }

    fn has_passed(&self, question: &Question) -> bool {
        let passed = self.passed.lock().get(&*question.user).copied();
        passed.is_some_and(|tag| {
            hmac::verify(&self.key, question.password.expose(), tag.as_ref()).is_ok()
        })
    }

    async fn check(self: Arc<Self>, question: Question) -> bool {
        let Ok(_turn) = self.checks.acquire().await else {
            return false;
        };
        let gate = Arc::clone(&self);
        let check = tokio::task::spawn_blocking(move || {
            let passes = gate.passwords.check(&question.user, question.password.expose());
            if passes {
                let tag = hmac::sign(&gate.key, question.password.expose());
                gate.passed.lock().insert(question.user, tag);
            }
            passes
        });
        check.await.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::super::load_passwords;
    use super::*;
    use crate::session::Secret;
    use std::io::Write as _;

    fn question(password: &str) -> Question {
        Question { user: "ann".into(), password: Secret::new(password) }
    }

    #[tokio::test]
    async fn a_password_that_has_passed_is_remembered_and_a_wrong_one_is_not() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"ann:right\n").unwrap();
        let gate = Arc::new(Gate::new(load_passwords(file.path()).unwrap().0));
        for (password, passes) in [("wrong", false), ("right", true), ("wrong", false)] {
            let question = question(password);
            assert_eq!(Arc::clone(&gate).admits(question, None).await, passes, "{password}");
        }
        assert!(gate.has_passed(&question("right")));
        assert!(!gate.has_passed(&question("wrong")));
    }
}
