//! Where a bridge says whether it is connected.

use crate::broker::bridge::Bridge;
use crate::cli::values;
use crate::mqtt::topic::TopicName;

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct NoticeArgs {
    /// Do not say at $SYS/broker/connection/ID/state whether it is connected
    #[arg(long)]
    no_notifications: bool,

    /// Say it at this broker only
    #[arg(long)]
    notifications_local_only: bool,

    /// Say it at this topic
    #[arg(long, value_name = "TOPIC", value_parser = values::topic)]
    notification_topic: Option<TopicName>,
}

impl NoticeArgs {
    /// `bridge` with what is said here.
    pub(super) fn apply(self, bridge: Bridge) -> Bridge {
        let topic = self.notification_topic.or_else(|| bridge.notification.clone());
        Bridge {
            notification: topic.filter(|_| !self.no_notifications),
            notify_here_only: self.notifications_local_only,
            ..bridge
        }
    }
}
