//! What a method of enhanced authentication is to the broker (MQTT 5.0 §4.12).
//!
//! [`super::Scram`] is one; others are given to the broker in
//! [`crate::broker::Listen::authenticators`].

use crate::broker::core::Outcome;
use std::fmt;

/// A method of enhanced authentication.
pub trait Authenticator: fmt::Debug + Send + Sync {
    /// Its name, which clients put into CONNECT as Authentication Method.
    fn method(&self) -> &str;

    /// Begins an exchange with one client.
    fn begin(&self) -> Box<dyn Exchange>;
}

/// What one client and the broker say to each other until it is known who the
/// client is.
pub trait Exchange: Send {
    /// Takes the client's data and says how to go on; after anything but
    /// [`Outcome::Continue`] it is not called again. Runs away from the
    /// threads that serve connections, so it may wait for files and others.
    fn step(&mut self, data: &[u8]) -> Outcome;
}
