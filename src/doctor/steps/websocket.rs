//! Whether the server speaks WebSocket at the path that is asked for.

use super::super::finding::Finding;
use super::super::patient::Patient;
use crate::error::Result;
use crate::net;

/// Asks for it, if it is wanted.
pub(super) async fn take(patient: &mut Patient) -> Result<Finding> {
    let Some(request) = &patient.endpoint().websocket else {
        return Ok(Finding::skipped("not asked for"));
    };
    let path = request.path.clone();
    let stream = patient.take_stream()?;
    let stream = net::upgrade(patient.endpoint(), stream, patient.deadline).await?;
    patient.stream = Some(stream);
    Ok(Finding::of(format!("101 Switching Protocols at {path}, subprotocol mqtt"))
        .with("status", 101)
        .with("path", path)
        .with("subprotocol", "mqtt"))
}
