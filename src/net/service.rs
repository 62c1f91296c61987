//! The brokers of a domain, as SRV records of the DNS name them (RFC 2782).

use super::Place;
use crate::error::{Class, Error, Result};
use crate::output::escape;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolverConfig};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use hickory_resolver::proto::rr::rdata::SRV;
use std::fmt::Display;
use std::hash::{BuildHasher as _, RandomState};
use std::net::SocketAddr;
use tokio::time::{Instant, timeout_at};

/// Who is asked for the brokers of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Directory {
    /// The servers that this machine asks for names.
    #[default]
    System,
    /// This one.
    Server(SocketAddr),
}

/// A domain, and who knows of its brokers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Its name.
    pub name: String,
    /// Who is asked.
    pub directory: Directory,
}

impl Domain {
    /// The places of its brokers, with TLS or without, in the order in which they are to be
    /// tried: at least one.
    ///
    /// # Errors
    /// [`Class::Connect`] when none is known, or there is no answer before `deadline`.
    pub async fn brokers(&self, tls: bool, deadline: Instant) -> Result<Vec<Place>> {
        let name = name_of(&self.name, tls);
        let resolver = resolver(self.directory).map_err(|cause| no_offer(&name, cause))?;
        let found = timeout_at(deadline, resolver.srv_lookup(name.as_str())).await;
        let found = found.map_err(|_| no_offer(&name, "no answer in time"))?;
        let offers = match found {
            Ok(found) => offers(&found),
            Err(none) if none.is_no_records_found() => {
                return Err(no_offer(&name, "there is none"));
            }
            Err(cause) => return Err(no_offer(&name, cause)),
        };
        if offers.is_empty() {
            return Err(no_offer(&name, "the domain says that there is none"));
        }
        let ordered = in_order(offers, |highest| random() % (highest + 1));
        Ok(ordered.into_iter().map(Offer::place).collect())
    }
}

fn resolver(directory: Directory) -> Result<TokioResolver, NetError> {
    let builder = match directory {
        Directory::System => TokioResolver::builder_tokio()?,
        Directory::Server(address) => {
            let mut server = NameServerConfig::udp_and_tcp(address.ip());
            for connection in &mut server.connections {
                connection.port = address.port();
            }
            let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    builder.build()
}

/// What the records offer; a target that is the root says that there is nothing.
fn offers(found: &Lookup) -> Vec<Offer> {
    let records = found.answers().iter().filter_map(|record| match &record.data {
        RData::SRV(offer) if !offer.target.is_root() => Some(Offer::from(offer)),
        _ => None,
    });
    records.collect()
}

fn random() -> u64 {
    RandomState::new().hash_one(())
}

/// A host that offers a service, and how willingly.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Offer {
    /// The lowest is tried first.
    priority: u16,
    /// Its share of the clients among those of the same priority.
    weight: u16,
    host: String,
    port: u16,
}

impl From<&SRV> for Offer {
    fn from(record: &SRV) -> Self {
        let host = record.target.to_ascii();
        Self {
            priority: record.priority,
            weight: record.weight,
            host: host.trim_end_matches('.').to_owned(),
            port: record.port,
        }
    }
}

impl Offer {
    fn place(self) -> Place {
        Place::Tcp { host: self.host, port: self.port }
    }
}

/// The order in which `offers` are tried: by priority, and among those of one by lot, in
/// which a weight is the number of lots; `random` draws a number from 0 to another.
fn in_order(mut offers: Vec<Offer>, mut random: impl FnMut(u64) -> u64) -> Vec<Offer> {
    // What has no weight is in front, where 0 draws it.
    offers.sort_by_key(|offer| (offer.priority, offer.weight));
    let mut ordered = Vec::with_capacity(offers.len());
    while let Some(priority) = offers.first().map(|offer| offer.priority) {
        let rivals = offers.iter().take_while(|offer| offer.priority == priority);
        let sums: Vec<u64> = rivals
            .scan(0, |sum, offer| {
                *sum += u64::from(offer.weight);
                Some(*sum)
            })
            .collect();
        let drawn = random(sums.last().copied().unwrap_or_default());
        let place = sums.iter().position(|sum| *sum >= drawn).unwrap_or_default();
        ordered.push(offers.remove(place));
    }
    ordered
}

/// The name that the offers for MQTT in `domain` have, with TLS or without.
fn name_of(domain: &str, tls: bool) -> String {
    let service = if tls { "_secure-mqtt._tcp" } else { "_mqtt._tcp" };
    format!("{service}.{domain}")
}

fn no_offer(name: &str, cause: impl Display) -> Error {
    Error::new(Class::Connect, format!("no SRV record {} names a broker: {cause}", escape(name)))
        .hint("without --srv, -h names the broker itself")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(priority: u16, weight: u16, host: &str) -> Offer {
        Offer { priority, weight, host: host.to_owned(), port: 1883 }
    }

    /// The hosts in the order in which they are tried, when always so many hundredths of
    /// the highest number are drawn.
    fn order(offers: &[Offer], percent: u64) -> String {
        let ordered = in_order(offers.to_vec(), |highest| highest * percent / 100);
        ordered.iter().map(|offer| offer.host.as_str()).collect()
    }

    #[test]
    fn the_lowest_priority_comes_first_whatever_is_drawn() {
        let offers = [offer(20, 9, "c"), offer(10, 0, "b"), offer(0, 1, "a")];
        for percent in [0, 50, 100] {
            assert_eq!(order(&offers, percent), "abc");
        }
    }

    #[test]
    fn a_weight_is_a_share_of_the_draws() {
        let offers = [offer(1, 30, "b"), offer(1, 0, "a"), offer(1, 70, "c")];
        assert_eq!(order(&offers, 0), "abc");
        assert_eq!(order(&offers, 20), "bca", "the first 30 of 100 are b's");
        assert_eq!(order(&offers, 100), "cba");
        let mut firsts = std::collections::HashMap::new();
        for lot in 0..=100 {
            let first = in_order(offers.to_vec(), |highest| lot % (highest + 1))[0].host.clone();
            *firsts.entry(first).or_insert(0) += 1;
        }
        assert_eq!((firsts["a"], firsts["b"], firsts["c"]), (1, 30, 70));
    }

    #[test]
    fn every_offer_is_tried_once() {
        assert_eq!(order(&[], 50), "");
        let same = [offer(1, 0, "a"), offer(1, 0, "b"), offer(1, 0, "c")];
        assert_eq!(order(&same, 70).len(), 3);
    }

    #[test]
    fn offers_have_a_name_of_their_own_with_tls() {
        assert_eq!(name_of("lan", false), "_mqtt._tcp.lan");
        assert_eq!(name_of("lan", true), "_secure-mqtt._tcp.lan");
    }
}
