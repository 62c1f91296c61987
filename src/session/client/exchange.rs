//! Enhanced authentication as a client does it (MQTT 5.0 §4.12): the packets
//! here, what is said in them by the method.

use super::{ClientSession, Failure};
use crate::mqtt::{Auth, AuthProperties, Packet, ReasonCode};
use crate::session::Time;
use std::fmt::Debug;

/// A method that needs more than CONNECT.
pub trait Method: Debug + Send + Sync {
    /// Begins an exchange: what CONNECT says, and who goes on.
    fn begin(&self) -> (Vec<u8>, Box<dyn Exchange>);
}

/// What is wrong with what the server says, in words.
pub type Fault = &'static str;

/// One exchange.
pub trait Exchange: Debug + Send {
    /// The answer to what the server says in AUTH.
    ///
    /// # Errors
    /// When it is not what the method lets it say.
    fn answer(&mut self, data: &[u8]) -> Result<Vec<u8>, Fault>;

    /// Hears what the server says when it accepts the client.
    ///
    /// # Errors
    /// When it should not be believed.
    fn end(&mut self, data: &[u8]) -> Result<(), Fault>;
}

impl ClientSession {
    pub(super) fn on_auth(&mut self, auth: &Auth<'_>, now: Time) -> Result<(), Failure> {
        let method = self.config.authentication.as_ref().map(|begun| begun.method.clone());
        let properties = &auth.properties;
        if auth.reason != ReasonCode::CONTINUE_AUTHENTICATION
            || properties.authentication_method != method.as_deref()
        {
            return Err(Failure::Authentication("the broker goes on with something else"));
        }
        let nobody = Failure::Authentication("the method asks for more than it was given");
        let exchange = self.exchange.as_mut().ok_or(nobody)?;
        let data = properties.authentication_data.unwrap_or_default();
        let answer = exchange.answer(data).map_err(Failure::Authentication)?;
        let properties = AuthProperties {
            authentication_method: method.as_deref(),
            authentication_data: Some(&answer),
            ..AuthProperties::default()
        };
        self.send(&Packet::Auth(Auth { reason: auth.reason, properties }), now)
    }

    /// Hears `data` of the CONNACK that accepts the client.
    pub(super) fn end_exchange(&mut self, data: Option<&[u8]>) -> Result<(), Failure> {
        let ended = self.exchange.take().map(|mut exchange| exchange.end(data.unwrap_or_default()));
        ended.unwrap_or(Ok(())).map_err(Failure::Authentication)
    }
}
