//! Whether the broker keeps the last message of a topic.

use super::super::finding::Finding;
use super::super::patient::Patient;
use super::messages::{arrived, publish, subscribe};
use crate::error::{Class, Error, Result};
use crate::mqtt::{Publish, QoS};
use crate::output::escape;

/// Publishes a message to be kept, asks for it, and clears it again.
pub(super) async fn take(patient: &mut Patient) -> Result<Finding> {
    if !patient.conversation()?.announced().retain_available {
        return Ok(Finding::skipped("the broker announces that it keeps none"));
    }
    let topic = format!("{}/retained", patient.topic);
    publish(patient, &topic, QoS::AtMostOnce, true).await?;
    // What was sent before the ping is dealt with when that is answered.
    patient.conversation()?.ping().await?;
    subscribe(patient, &topic, QoS::AtMostOnce).await?;
    let kept = arrived(patient, &topic).await;
    let clear = Publish { topic: &topic, retain: true, ..Publish::default() };
    patient.conversation()?.publish(&clear).await?;
    patient.conversation()?.unsubscribe(&[&topic]).await?;
    if !kept?.retain {
        let what = format!("the message kept for {} comes as if it were new", escape(&topic));
        return Err(Error::new(Class::Expectation, what));
    }
    Ok(Finding::of(format!("kept for {}, received and cleared", escape(&topic))))
}
