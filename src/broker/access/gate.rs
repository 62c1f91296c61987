//! Checks passwords and tokens away from the workers: a check of a password
//! costs tens of milliseconds and much memory, and only the connection it is for
//! may wait for it.

use super::authenticator::{Authenticator, Exchange};
use super::password_file::Passwords;
use super::slowdown::Slowdown;
use super::token::{Tokens, looks_like_token};
use crate::broker::core::{Hooks, Outcome, Question, Step, Verdict};
use crate::session::Secret;
use aws_lc_rs::{hmac, rand};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock};
use std::time::Instant;
use tokio::sync::Semaphore;

/// Checks made at once: each may take 47 MiB and a core.
const CHECKS: usize = 2;

/// Answers whether a client is who it says it is.
#[derive(Debug)]
pub(in crate::broker) struct Gate {
    passwords: Option<Passwords>,
    tokens: Option<Tokens>,
    authenticators: Vec<Arc<dyn Authenticator>>,
    /// What passed last for each user, under a key of this process; so that a
    /// client that comes again does not cost a check.
    passed: Mutex<HashMap<Box<str>, hmac::Tag>>,
    /// Made for the first that passes: the first random number of a process
    /// costs some 30 ms, three times as long as a broker takes to start.
    key: LazyLock<hmac::Key>,
    common: Arc<Common>,
}

/// What the gates of all listeners have in common.
#[derive(Debug)]
pub(in crate::broker) struct Common {
    /// When a password may be checked again.
    slowdown: Mutex<Slowdown>,
    checks: Semaphore,
    /// Who may know a password before anybody else is asked.
    hooks: Option<Arc<dyn Hooks>>,
}

impl Common {
    pub(in crate::broker) fn new(hooks: Option<Arc<dyn Hooks>>) -> Self {
        Self { slowdown: Mutex::default(), checks: Semaphore::new(CHECKS), hooks }
    }

    /// Whether anybody may know a password.
    pub(in crate::broker) const fn asks(&self) -> bool {
        self.hooks.is_some()
    }
}

fn new_key() -> hmac::Key {
    let mut key = [0; 32];
    // A process without random numbers could not have started TLS either; with
    // a key of zeros the memory is readable to whoever reads memory.
    let seeded = rand::fill(&mut key);
    debug_assert!(seeded.is_ok(), "the system has random numbers");
    hmac::Key::new(hmac::HMAC_SHA256, &key)
}

impl Gate {
    pub(in crate::broker) fn new(
        passwords: Option<Passwords>,
        tokens: Option<Tokens>,
        authenticators: Vec<Arc<dyn Authenticator>>,
        common: Arc<Common>,
    ) -> Self {
        Self {
            passwords,
            tokens,
            authenticators,
            passed: Mutex::default(),
            key: LazyLock::new(new_key),
            common,
        }
    }

    /// Whether the client at `address` has the right password or a token that
    /// is taken. Waits its turn where attempts from there have failed.
    pub(in crate::broker) async fn judge(
        self: Arc<Self>,
        question: Question,
        address: Option<IpAddr>,
    ) -> Checked {
        self.wait_for_turn(address).await;
        let verdict = if self.has_passed(&question) {
            Verdict::Admitted
        } else {
            Arc::clone(&self).check(question).await
        };
        self.note(address, verdict != Verdict::Refused);
        Checked::Password(verdict)
    }

    /// Takes a step of the client's exchange, or of a new one where one begins;
    /// that waits its turn like a password.
    pub(in crate::broker) async fn step(
        self: Arc<Self>,
        exchange: Option<Box<dyn Exchange>>,
        step: Step,
        address: Option<IpAddr>,
    ) -> Checked {
        let mut exchange = exchange.filter(|_| !step.begins);
        if step.begins {
            self.wait_for_turn(address).await;
            exchange = self.begin(&step.method);
        }
        let Some(mut exchange) = exchange else {
            return Checked::Step(None, Outcome::Refused);
        };
        let taken = tokio::task::spawn_blocking(move || {
            let outcome = exchange.step(&step.data);
            (exchange, outcome)
        });
        let Ok((exchange, outcome)) = taken.await else {
            return Checked::Step(None, Outcome::Refused);
        };
        self.note(address, outcome != Outcome::Refused);
        Checked::Step(Some(exchange), outcome)
    }

    fn begin(&self, method: &str) -> Option<Box<dyn Exchange>> {
        let known = self.authenticators.iter().find(|known| known.method() == method);
        known.map(|known| known.begin())
    }

    async fn wait_for_turn(&self, address: Option<IpAddr>) {
        if let Some(address) = address {
            let turn = self.common.slowdown.lock().turn(address, Instant::now());
            tokio::time::sleep_until(turn.into()).await;
        }
    }

    fn note(&self, address: Option<IpAddr>, passes: bool) {
        if let Some(address) = address.filter(|_| !passes) {
            self.common.slowdown.lock().failed(address, Instant::now());
        }
    }

    fn has_passed(&self, question: &Question) -> bool {
        let user = question.user.as_deref();
        let passed = user.and_then(|user| self.passed.lock().get(user).copied());
        passed.is_some_and(|tag| {
            hmac::verify(&self.key, question.password.expose(), tag.as_ref()).is_ok()
        })
    }

    async fn check(self: Arc<Self>, question: Question) -> Verdict {
        let Ok(_turn) = self.common.checks.acquire().await else {
            return Verdict::Refused;
        };
        let gate = Arc::clone(&self);
        let check = tokio::task::spawn_blocking(move || gate.verdict(question));
        check.await.unwrap_or(Verdict::Refused)
    }

    /// What looks like a token is one where tokens are taken.
    fn verdict(&self, question: Question) -> Verdict {
        let Question { user, password } = question;
        let Some(user) = user else {
            return self.token_verdict(&password);
        };
        let hooks = self.common.hooks.as_ref();
        if let Some(known) = hooks.and_then(|hooks| hooks.authenticate(&user, password.expose())) {
            return if known { Verdict::Admitted } else { Verdict::Refused };
        }
        if self.passwords.is_none() && self.tokens.is_none() {
            return Verdict::Admitted;
        }
        let tokens = self.tokens.as_ref().filter(|_| looks_like_token(password.expose()));
        if let Some(tokens) = tokens {
            let time = tokens.check(&user, password.expose());
            return time.map_or(Verdict::Refused, Verdict::AdmittedFor);
        }
        let known = |passwords: &Passwords| passwords.check(&user, password.expose());
        if !self.passwords.as_ref().is_some_and(known) {
            return Verdict::Refused;
        }
        let tag = hmac::sign(&self.key, password.expose());
        self.passed.lock().insert(user, tag);
        Verdict::Admitted
    }

    /// Of a token that says itself whose it is.
    fn token_verdict(&self, token: &Secret) -> Verdict {
        let holder = self.tokens.as_ref().and_then(|tokens| tokens.holder(token.expose()));
        holder.map_or(Verdict::Refused, |(user, time)| Verdict::AdmittedAs(user, time))
    }
}

/// What a check has found.
pub(in crate::broker) enum Checked {
    /// Whether the password is the user's.
    Password(Verdict),
    /// What a step led to, and the exchange if it goes on.
    Step(Option<Box<dyn Exchange>>, Outcome),
}

#[cfg(test)]
mod tests {
    use super::super::load_passwords;
    use super::*;
    use std::io::Write as _;

    fn question(password: &str) -> Question {
        Question { user: Some("ann".into()), password: Secret::new(password) }
    }

    #[tokio::test]
    async fn a_password_that_has_passed_is_remembered_and_a_wrong_one_is_not() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"ann:right\n").unwrap();
        let gate = Arc::new(Gate::new(
            Some(load_passwords(file.path()).unwrap().0),
            None,
            Vec::new(),
            Arc::new(Common::new(None)),
        ));
        for (password, passes) in [("wrong", false), ("right", true), ("wrong", false)] {
            let checked = Arc::clone(&gate).judge(question(password), None).await;
            let admitted = matches!(checked, Checked::Password(Verdict::Admitted));
            assert_eq!(admitted, passes, "{password}");
        }
        assert!(gate.has_passed(&question("right")));
        assert!(!gate.has_passed(&question("wrong")));
    }
}
