//! Whether the proxy opens a way to the broker.

use super::super::finding::Finding;
use super::super::patient::Patient;
use crate::error::Result;
use crate::net;

/// Goes through the proxy, if there is one.
pub(super) async fn take(patient: &mut Patient) -> Result<Finding> {
    let Some(proxy) = &patient.endpoint().proxy else {
        return Ok(Finding::skipped("none"));
    };
    let proxy = proxy.to_string();
    // That somebody answers at its port is known; this connection is a new one.
    let stream = net::dial(patient.endpoint(), patient.deadline).await?;
    patient.stream = Some(stream);
    let said = format!("{proxy} has opened a way to {}", patient.endpoint());
    Ok(Finding::of(said).with("proxy", proxy))
}
