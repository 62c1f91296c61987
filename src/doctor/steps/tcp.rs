//! At which addresses somebody accepts connections.

use super::super::finding::Finding;
use super::super::patient::Patient;
use crate::error::Result;
use crate::net::{self, Stream};
use serde_json::json;
use std::io;
use std::net::SocketAddr;
use std::time::Instant as Clock;
use tokio::time::Instant;

/// What came of one address.
struct Attempt {
    address: SocketAddr,
    /// In milliseconds.
    took: f64,
    failure: Option<String>,
}

/// Tries every address, and keeps the connection to the first that answers: what
/// fails at the others is a concern, for clients take time to go on to the next.
pub(super) async fn take(patient: &mut Patient) -> Result<Finding> {
    if patient.addresses.is_empty() {
        let stream = net::dial(patient.endpoint(), patient.deadline).await?;
        patient.stream = Some(stream);
        return Ok(Finding::of(format!("connected to {}", patient.endpoint())));
    }
    let (mut kept, mut failure, mut attempts) = (None, None, Vec::new());
    for (address, left) in patient.addresses.iter().zip((1..=patient.addresses.len()).rev()) {
        let begin = Clock::now();
        let result = try_one(patient, *address, left).await;
        let took = begin.elapsed().as_secs_f64() * 1e3;
        let failed = result.as_ref().err().map(ToString::to_string);
        attempts.push(Attempt { address: *address, took, failure: failed });
        match result {
            Ok(stream) => kept = kept.or(Some(stream)),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    let Some(stream) = kept else {
        let cause = failure.unwrap_or_else(|| io::ErrorKind::NotFound.into());
        return Err(net::not_connected(patient.endpoint(), cause));
    };
    patient.stream = Some(stream);
    Ok(told(&attempts))
}

/// A connection to one of so many addresses that are `left` to be tried.
async fn try_one(patient: &Patient, address: SocketAddr, left: usize) -> io::Result<Stream> {
    let time = patient.deadline.duration_since(Instant::now());
    let share = time / u32::try_from(left + 1).unwrap_or(1);
    net::try_address(address, patient.endpoint().bind, Instant::now() + share).await
}

fn told(attempts: &[Attempt]) -> Finding {
    let good = attempts.iter().filter(|attempt| attempt.failure.is_none());
    let good: Vec<_> =
        good.map(|attempt| format!("{} in {:.1} ms", attempt.address, attempt.took)).collect();
    let mut finding = Finding::of(good.join(", "));
    for attempt in attempts {
        if let Some(failure) = &attempt.failure {
            let concern = format!("nobody answers at {}: {failure}", attempt.address);
            finding = finding.concern(concern);
        }
    }
    let rows = attempts.iter().map(|attempt| {
        json!({
            "address": attempt.address.to_string(), "ms": attempt.took,
            "failure": attempt.failure,
        })
    });
    finding.with("attempts", rows.collect::<Vec<_>>())
}
