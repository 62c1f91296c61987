//! How long the broker takes to answer a PINGREQ.

use super::super::finding::Finding;
use super::super::patient::Patient;
use crate::error::Result;
use std::time::Instant;

/// More than one, for the first may wait for something.
const COUNT: u32 = 3;

/// Asks for signs of life.
pub(super) async fn take(patient: &mut Patient) -> Result<Finding> {
    let conversation = patient.conversation()?;
    let mut best = f64::INFINITY;
    for _ in 0..COUNT {
        let begin = Instant::now();
        conversation.ping().await?;
        best = best.min(begin.elapsed().as_secs_f64() * 1e3);
    }
    Ok(Finding::of(format!("there and back in {best:.2} ms")).with("best_ms", best))
}
