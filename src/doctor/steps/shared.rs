//! Whether clients can share a subscription.

use super::super::finding::Finding;
use super::super::patient::Patient;
use super::messages::{arrived, publish, subscribe};
use crate::error::Result;
use crate::mqtt::QoS;
use crate::output::escape;

/// Subscribes as the only member of a group.
pub(super) async fn take(patient: &mut Patient) -> Result<Finding> {
    let conversation = patient.conversation()?;
    if !conversation.announced().shared_subscriptions {
        return Ok(Finding::skipped("the broker announces that there are none"));
    }
    if !conversation.version().is_v5() {
        return Ok(Finding::skipped("they are a part of MQTT 5 only"));
    }
    let topic = format!("{}/shared", patient.topic);
    let filter = format!("$share/mqx-doctor/{topic}");
    subscribe(patient, &filter, QoS::AtMostOnce).await?;
    publish(patient, &topic, QoS::AtMostOnce, false).await?;
    arrived(patient, &topic).await?;
    patient.conversation()?.unsubscribe(&[&filter]).await?;
    Ok(Finding::of(format!("received by {}", escape(&filter))))
}
