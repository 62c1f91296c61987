//! The options that say what the session is to be, in CONNECT and in DISCONNECT.

use super::super::values;
use super::template;
use crate::client::{Farewell, Scram};
use crate::error::{Error, Result};
use crate::mqtt::Version;
use crate::scram;
use crate::secret::Secret;
use crate::session::{Authentication, ClientConfig, Method};
use clap::Args;
use std::num::{NonZeroU16, NonZeroU32};
use std::sync::Arc;

/// The identifier in MQTT 3.1, where the broker does not choose one.
const OF_V31: &str = "mqx-%r";

/// Seconds that stand for ever.
const FOR_EVER: u32 = u32::MAX;

/// The name a client gives itself, and whether its session is to be found again
/// by it; apart because `bench` has its own.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub struct ClientIdArgs {
    /// Client identifier; %h stands for this machine, %p for the process, %r for
    /// something random, %u for the user name [default: the broker chooses one]
    #[arg(
        short = 'i', long = "id", aliases = ["client-id", "identifier"],
        value_name = "ID", default_value = "", hide_default_value = true
    )]
    id: String,

    /// Client identifier that begins with this and ends with the number of the process
    #[arg(
        short = 'I',
        long,
        alias = "identifier-prefix",
        value_name = "PREFIX",
        conflicts_with = "id"
    )]
    id_prefix: Option<String>,

    /// Go on with the session of this client identifier, and keep it; without -x for ever
    #[arg(short = 'c', long, aliases = ["no-clean", "no-clean-start"])]
    disable_clean_session: bool,
}

impl ClientIdArgs {
    /// Puts the identifier into `session`.
    ///
    /// # Errors
    /// When a session is to be kept and nobody could find it again.
    pub fn apply(self, session: &mut ClientConfig) -> Result<()> {
        let user = session.username.as_deref().unwrap_or_default();
        let id = template::fill(&self.id, user)?;
        let prefix = self.id_prefix.map(|prefix| template::fill(&prefix, user)).transpose()?;
        let prefixed = prefix.map(|prefix| format!("{prefix}{}", std::process::id()));
        let lasting = prefixed.is_none() && !id.is_empty();
        session.client_id = prefixed.unwrap_or(id);
        if session.client_id.is_empty() && session.version == Version::V31 {
            session.client_id = template::fill(OF_V31, user)?;
        }
        if self.disable_clean_session {
            session.clean_start = false;
            session.session_expiry_interval.get_or_insert(FOR_EVER);
        }
        let for_ever = session.session_expiry_interval == Some(FOR_EVER);
        if (self.disable_clean_session || for_ever) && !lasting {
            let what = "a session that is kept needs a client identifier to be found again";
            return Err(Error::usage(what).hint("name one with -i"));
        }
        Ok(())
    }
}

/// What the session is to be.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Session (MQTT 5)")]
pub(super) struct SessionArgs {
    /// Keep the session so long after the connection, as in 60, 1h or never (to end)
    #[arg(
        short = 'x', long, alias = "session-expiry", value_name = "TIME",
        value_parser = values::expiry
    )]
    session_expiry_interval: Option<u32>,

    /// QoS 1 and 2 messages the broker may send before they are answered
    #[arg(long, aliases = ["rcv-max", "rcvmax"], value_name = "NUMBER")]
    receive_maximum: Option<NonZeroU16>,

    /// Bytes of the largest packet the broker may send
    #[arg(long, aliases = ["max-packet-size"], value_name = "BYTES")]
    maximum_packet_size: Option<NonZeroU32>,

    /// Topic aliases the broker may use
    #[arg(long, alias = "topic-alias-max", value_name = "NUMBER")]
    topic_alias_maximum: Option<u16>,

    /// Ask for the basis of response topics
    #[arg(long, value_name = "BOOL", value_parser = values::boolean)]
    request_response_information: Option<bool>,

    /// Ask for reasons in words [default: true]
    #[arg(long, value_name = "BOOL", value_parser = values::boolean)]
    request_problem_information: Option<bool>,

    /// User property of CONNECT, as in name=value (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = values::user_property)]
    connect_user_property: Vec<(String, String)>,

    /// Method of enhanced authentication: SCRAM-SHA-256 takes user and password and
    /// checks the broker too; of others only what CONNECT says can be given
    #[arg(long, alias = "auth-method", value_name = "NAME")]
    authentication_method: Option<String>,

    /// Data of that method: text, hex:... or base64:...
    #[arg(long, alias = "auth-data", value_name = "DATA", requires = "authentication_method")]
    authentication_data: Option<Secret>,

    /// Session expiry in DISCONNECT: from then on this holds
    #[arg(long, value_name = "TIME", value_parser = values::expiry)]
    disconnect_session_expiry_interval: Option<u32>,

    /// Reason in words in DISCONNECT
    #[arg(long, value_name = "TEXT")]
    disconnect_reason: Option<String>,

    /// User property of DISCONNECT, as in name=value (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = values::user_property)]
    disconnect_user_property: Vec<(String, String)>,
}

impl SessionArgs {
    /// An option that is given and unknown before MQTT 5.
    pub(super) fn needs_v5(&self) -> Option<&'static str> {
        let rows = [
            (self.session_expiry_interval.is_some(), "--session-expiry-interval"),
            (self.receive_maximum.is_some(), "--receive-maximum"),
            (self.maximum_packet_size.is_some(), "--maximum-packet-size"),
            (self.topic_alias_maximum.is_some(), "--topic-alias-maximum"),
            (self.request_response_information.is_some(), "--request-response-information"),
            (self.request_problem_information.is_some(), "--request-problem-information"),
            (!self.connect_user_property.is_empty(), "--connect-user-property"),
            (self.authentication_method.is_some(), "--authentication-method"),
            (
                self.disconnect_session_expiry_interval.is_some(),
                "--disconnect-session-expiry-interval",
            ),
            (self.disconnect_reason.is_some(), "--disconnect-reason"),
            (!self.disconnect_user_property.is_empty(), "--disconnect-user-property"),
        ];
        rows.iter().find(|(given, _)| *given).map(|(_, name)| *name)
    }

    /// What is said when leaving.
    pub(super) fn farewell(&self) -> Result<Farewell> {
        Ok(Farewell {
            session_expiry_interval: self.disconnect_session_expiry_interval,
            reason_string: self.disconnect_reason.clone(),
            user_properties: values::user_properties(&self.disconnect_user_property)?,
        })
    }

    /// Puts what CONNECT says into `session`.
    pub(super) fn apply(self, session: &mut ClientConfig) -> Result<()> {
        let data = self.authentication_data.as_ref().map(|data| {
            let text = String::from_utf8_lossy(data.expose());
            values::data(&text).map(|data| Secret::new(data.into_bytes())).map_err(|what| {
                Error::usage(format!("--authentication-data is not what it says: {what}"))
            })
        });
        session.session_expiry_interval = self.session_expiry_interval;
        session.receive_maximum = self.receive_maximum;
        session.maximum_packet_size = self.maximum_packet_size;
        session.topic_alias_maximum = self.topic_alias_maximum.unwrap_or_default();
        session.request_response_information = self.request_response_information;
        session.request_problem_information = self.request_problem_information;
        session.user_properties = values::user_properties(&self.connect_user_property)?;
        let data = data.transpose()?;
        if let Some(method) = self.authentication_method {
            let by_scram = method == scram::METHOD && data.is_none();
            let steps = by_scram.then(|| scram_of(session)).transpose()?;
            session.authentication = Some(Box::new(Authentication { method, data, steps }));
        }
        Ok(())
    }
}

/// SCRAM for the user of this session, whose password is then not sent.
fn scram_of(session: &mut ClientConfig) -> Result<Arc<dyn Method>> {
    let login = session.username.clone().zip(session.password.take());
    let (user, password) = login.ok_or_else(|| {
        Error::usage("SCRAM-SHA-256 needs a user name and a password")
            .hint("give -u and -P, --ask-password or another --password-... option")
    })?;
    Ok(Arc::new(Scram { user, password }))
}
