//! What is asked of the broker on every connection.

use super::Config;
use super::sweep::FENCE as FENCE_FILTER;
use crate::client::Connection;
use crate::error::Result;
use crate::mqtt::topic::TopicFilter;
use crate::mqtt::{RetainHandling, SubscribeProperties, SubscribeRequest, UnsubscribeProperties};
use crate::output;
use crate::session::Token;

/// The SUBSCRIBE of a run.
const SUBSCRIBE: Token = 0;
/// The UNSUBSCRIBE of a run.
const UNSUBSCRIBE: Token = 1;
/// The UNSUBSCRIBE that says by its answer that others are answered too.
pub(super) const FENCE: Token = 2;
/// Each removal of a retained message.
pub(super) const REMOVAL: Token = 3;

/// Sends what has to be asked; with `fence`, also what tells the end of the
/// retained messages.
///
/// # Errors
/// When it cannot be sent.
pub(super) fn send(connection: &mut Connection, config: &Config, fence: bool) -> Result<()> {
    if !connection.version().is_v5() && config.subscriptions.iter().any(needs_v5) {
        output::warn(
            "--no-local, --retain-as-published and --retain-handling have no effect before MQTT 5",
        );
    }
    let requests: Vec<_> = config
        .subscriptions
        .iter()
        .map(|wanted| SubscribeRequest { filter: wanted.filter.as_str(), options: wanted.options })
        .collect();
    let properties = SubscribeProperties {
        subscription_identifier: config.identifier,
        user_properties: config.user_properties.user_properties(),
    };
    if !requests.is_empty() {
        connection.subscribe(&requests, properties, SUBSCRIBE)?;
    }
    let filters: Vec<_> = config.unsubscribe.iter().map(TopicFilter::as_str).collect();
    if !filters.is_empty() {
        let user_properties = config.unsubscribe_properties.user_properties();
        connection.unsubscribe(&filters, UnsubscribeProperties { user_properties }, UNSUBSCRIBE)?;
    }
    if fence {
        connection.unsubscribe(&[FENCE_FILTER], UnsubscribeProperties::default(), FENCE)?;
    }
    Ok(())
}

/// Whether the subscription asks for what MQTT 5 alone has. Not to send
/// retained messages is not counted, for they are left out here as well.
fn needs_v5(wanted: &super::Subscription) -> bool {
    let options = wanted.options;
    let handling = options.retain_handling == RetainHandling::SendIfNew;
    options.no_local || options.retain_as_published || handling
}
