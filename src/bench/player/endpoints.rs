//! The places that the clients of a worker connect to, and the addresses they
//! connect from, each kept once.

use crate::bench::plan::{Plan, Seat};
use crate::error::Result;
use crate::net::Endpoint;
use std::collections::HashMap;
use std::rc::Rc;

/// By group, broker and local address.
#[derive(Debug, Default)]
pub(in crate::bench) struct Endpoints(HashMap<(usize, usize, usize), Rc<Endpoint>>);

impl Endpoints {
    /// That of this seat: brokers and addresses are used in turn.
    ///
    /// # Errors
    /// When the seat has a certificate of its own that cannot be used.
    pub(in crate::bench) fn of(&mut self, plan: &Plan, seat: Seat) -> Result<Rc<Endpoint>> {
        let shared = self.shared(plan, seat);
        let own = plan.group(seat).certificates.as_ref().zip(shared.tls.as_ref());
        let Some((certificates, tls)) = own else { return Ok(shared) };
        let tls = certificates.of(tls, &plan.persona(seat).who())?;
        Ok(Rc::new(Endpoint { tls: Some(tls), ..Endpoint::clone(&shared) }))
    }

    /// The same but for a certificate.
    fn shared(&mut self, plan: &Plan, seat: Seat) -> Rc<Endpoint> {
        let (options, binds) = (plan.options(seat), &plan.scenario().binds);
        let place = plan.place(seat);
        let brokers = options.others.len() + 1;
        let broker = place % brokers;
        // Each broker is connected to from every address.
        let bind = (place / brokers).checked_rem(binds.len());
        let new = || {
            let mut endpoint = options.broker(broker).clone();
            endpoint.bind = bind.and_then(|bind| binds.get(bind).copied()).or(endpoint.bind);
            Rc::new(endpoint)
        };
        let key = (seat.group, broker, bind.unwrap_or_default());
        self.0.entry(key).or_insert_with(new).clone()
    }
}
