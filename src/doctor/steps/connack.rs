//! What the broker answers to CONNECT.

use super::super::finding::Finding;
use super::super::patient::Patient;
use crate::client::{Announced, Conversation};
use crate::error::Result;
use crate::mqtt::Version;
use crate::output::escape;
use serde_json::json;

/// Sends CONNECT; where the broker does not know MQTT 5 and nobody insists on it, again
/// with 3.1.1 over a new connection.
pub(super) async fn take(patient: &mut Patient) -> Result<Finding> {
    let stream = patient.take_stream()?;
    let options = patient.options.clone();
    let (conversation, concern) = match Conversation::over(stream, options).await {
        Ok(conversation) => (conversation, None),
        Err(error) => match patient.options.fall_back_after(&error) {
            None => return Err(error),
            Some(older) => {
                let concern = "the broker refuses MQTT 5; clients that insist on it with -V 5 fail";
                (Conversation::open(older).await?, Some(concern))
            }
        },
    };
    let finding = accepted(conversation.version(), conversation.announced());
    patient.set_conversation(conversation);
    Ok(match concern {
        Some(concern) => finding.concern(concern),
        None => finding,
    })
}

fn accepted(version: Version, announced: &Announced) -> Finding {
    let mut finding = Finding::of(format!("the broker accepts MQTT {version}"));
    if version.is_v5() {
        for line in limits(announced) {
            finding = finding.line(line);
        }
    }
    finding.with("version", version.to_string()).with("announced", json!(announced))
}

/// What it announced, a line for each kind of thing.
fn limits(announced: &Announced) -> Vec<String> {
    let packet = announced
        .maximum_packet_size
        .map_or("any size".to_owned(), |size| format!("up to {size} bytes"));
    let mut lines = vec![format!(
        "takes packets of {packet}, {} at once, QoS up to {}, {} topic aliases",
        announced.receive_maximum, announced.maximum_qos, announced.topic_alias_maximum
    )];
    let missing: Vec<_> = [
        (announced.retain_available, "retained messages"),
        (announced.wildcard_subscriptions, "wildcards"),
        (announced.subscription_identifiers, "subscription identifiers"),
        (announced.shared_subscriptions, "shared subscriptions"),
    ]
    .into_iter()
    .filter_map(|(has, what)| (!has).then_some(what))
    .collect();
    if !missing.is_empty() {
        lines.push(format!("does without {}", missing.join(", ")));
    }
    let said = [
        announced.server_keep_alive.map(|seconds| format!("keep alive of {seconds} s")),
        announced.session_expiry_interval.map(|seconds| format!("sessions of {seconds} s")),
        announced
            .assigned_client_identifier
            .as_ref()
            .map(|id| format!("identifier {}", escape(id))),
        announced.response_information.as_ref().map(|text| format!("replies at {}", escape(text))),
        announced.server_reference.as_ref().map(|text| format!("another server {}", escape(text))),
    ];
    let said: Vec<_> = said.into_iter().flatten().collect();
    if !said.is_empty() {
        lines.push(format!("gives {}", said.join(", ")));
    }
    lines
}
