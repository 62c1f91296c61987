//! The places that the clients of a worker connect to, and the addresses they
//! connect from, each kept once.

use crate::bench::plan::{Plan, Seat};
use crate::net::Endpoint;
use std::collections::HashMap;
use std::rc::Rc;

/// By group, broker and local address.
#[derive(Debug, Default)]
pub(in crate::bench) struct Endpoints(HashMap<(usize, usize, usize), Rc<Endpoint>>);

impl Endpoints {
    /// That of this seat: brokers and addresses are used in turn.
    pub(in crate::bench) fn of(&mut self, plan: &Plan, seat: Seat) -> Rc<Endpoint> {
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
