//! Who a client of the run says it is.

use super::{Plan, Seat};
use crate::bench::load::pattern::{Pattern, Who};
use crate::bench::load::rows::Row;
use crate::bench::load::size::scatter;
use crate::error::{Error, Result};
use crate::mqtt::{Message, Publish};
use crate::output::escape;
use crate::secret::Secret;
use crate::session::ClientConfig;

/// A client of the run by its names.
#[derive(Debug, Clone)]
pub(in crate::bench) struct Persona<'a> {
    number: u64,
    row: Option<&'a Row>,
    chance: u64,
    /// Different from that of all others.
    pub(in crate::bench) client_id: String,
    username: Option<String>,
}

impl Plan {
    /// Who has this seat.
    #[must_use]
    pub(in crate::bench) fn persona(&self, seat: Seat) -> Persona<'_> {
        let group = self.group(seat);
        let session = &self.options(seat).session;
        let number = group.first + u64::from(seat.number);
        let row = group.rows.as_deref().and_then(|rows| rows.of(seat.number.into()));
        let chance = scatter(u64::from(self.run) << 32 ^ self.place(seat) as u64);
        let nameless = Who { number, row, chance, ..Who::default() };
        let username = session.username.as_deref().map(|name| Pattern::read(name).text(&nameless));
        let who = Who { username: username.as_deref().unwrap_or_default(), ..nameless };
        let client_id = self.client_id(seat, &session.client_id, &who);
        Persona { number, row, chance, client_id, username }
    }

    fn client_id(&self, seat: Seat, given: &str, who: &Who<'_>) -> String {
        let name = &self.group(seat).name;
        let pattern = Pattern::read(given);
        let number = who.number;
        match (given, pattern.is_constant(), seat.group) {
            ("", ..) => format!("mqx-bench-{:08x}-{name}{number}", self.run),
            (_, true, _) => format!("{given}-{name}{number}"),
            (.., 0) => pattern.text(who),
            // Clients of several groups have the same numbers.
            _ => format!("{}-{name}", pattern.text(who)),
        }
    }
}

impl Persona<'_> {
    /// What patterns are filled in with.
    #[must_use]
    pub(in crate::bench) fn who(&self) -> Who<'_> {
        Who {
            number: self.number,
            client_id: &self.client_id,
            username: self.username.as_deref().unwrap_or_default(),
            row: self.row,
            chance: self.chance,
        }
    }

    /// What the client says in CONNECT where all say `common`.
    ///
    /// # Errors
    /// When the topic of its will cannot be published to.
    pub(in crate::bench) fn session(&self, common: &ClientConfig) -> Result<ClientConfig> {
        let mut session = common.clone();
        session.client_id.clone_from(&self.client_id);
        session.username.clone_from(&self.username);
        session.password = common.password.as_ref().map(|password| self.password(password));
        if let Some((will, _)) = &mut session.will {
            let topic = Pattern::read(will.topic()).text(&self.who());
            let own = Message::new(&Publish { topic: &topic, ..will.publish(None, false) });
            *will = own.map_err(|cause| {
                let what = format!("no will can be published to {}", escape(&topic));
                Error::usage(what).because(cause)
            })?;
        }
        Ok(session)
    }

    /// A password that is text may be a pattern.
    fn password(&self, common: &Secret) -> Secret {
        match std::str::from_utf8(common.expose()) {
            Ok(text) => Secret::new(Pattern::read(text).text(&self.who())),
            Err(_) => common.clone(),
        }
    }
}
