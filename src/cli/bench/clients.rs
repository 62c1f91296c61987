//! The options that say when the clients of a run come and go, and what differs
//! between them.

use super::super::values;
use super::values::millis;
use crate::bench::load::{Certificates, Churn, Comeback, Group, Pattern, Rows};
use crate::cli::connection::{ConnectionArgs, OwnFiles};
use crate::client::Retry;
use crate::error::Result;
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// When clients come and go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Clients")]
pub(super) struct ClientArgs {
    /// Open so many connections per second [default: as many as possible]
    #[arg(short = 'R', long, alias = "connrate", value_name = "NUMBER")]
    conn_rate: Option<f64>,

    /// Time from one connection to the next, as in 10 (milliseconds) or 1s
    #[arg(
        short, long, value_name = "TIME", value_parser = millis, conflicts_with = "conn_rate"
    )]
    interval: Option<Duration>,

    /// Open all connections over this time, evenly
    #[arg(long, value_name = "TIME", value_parser = values::duration, conflicts_with_all = [
        "conn_rate", "interval",
    ])]
    ramp: Option<Duration>,

    /// The number of the first client
    #[arg(short = 'n', long, value_name = "NUMBER", default_value_t = Group::default().first)]
    startnumber: u64,

    /// CSV file with a row for each client, counted around; {row.NAME} in user name,
    /// password, identifier, topic and message is what the row has in this column
    #[arg(long, alias = "creds", value_name = "FILE")]
    rows: Option<PathBuf>,

    /// How often in a row a client tries again to connect, or forever
    #[arg(
        long, aliases = ["reconnect", "num-retry-connect"], value_name = "TIMES",
        value_parser = values::retry, default_value = "0"
    )]
    retry: Retry,

    /// Time before a client tries again, as in 500 (milliseconds) or 1s
    #[arg(long, value_name = "TIME", value_parser = millis, default_value = "1s")]
    retry_delay: Duration,

    /// Connections per second that are closed and opened again
    #[arg(long, value_name = "NUMBER")]
    churn: Option<f64>,

    /// Cut all connections together this often, without a word, so that all come back at
    /// once and their wills are published
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    storm: Option<Duration>,
}

/// Takes --cert and --key out of the options of the connection, if each client has files
/// of its own: a place of a topic is in their paths.
///
/// # Errors
/// When the password of the keys cannot be read.
pub(super) fn certificates(connection: &mut ConnectionArgs) -> Result<Option<Arc<Certificates>>> {
    let pattern = |path: &Path| Pattern::read(&path.to_string_lossy());
    let own = connection.take_identity(|path| !pattern(path).is_constant())?;
    Ok(own.map(|OwnFiles { cert, key, password }| {
        Arc::new(Certificates { cert: pattern(&cert), key: pattern(&key), password })
    }))
}

impl ClientArgs {
    /// Puts them into a group.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(super) fn apply(self, group: Group) -> Result<Group> {
        let by_interval = self.interval.map(|interval| 1.0 / interval.as_secs_f64());
        let attempts = match self.retry {
            Retry::Times(times) => Some(times),
            Retry::Forever => None,
        };
        Ok(Group {
            first: self.startnumber,
            rows: self.rows.map(|path| Rows::read(&path)).transpose()?.map(Arc::new),
            connect_rate: self.conn_rate.or(by_interval.filter(|rate| rate.is_finite())),
            ramp: self.ramp,
            comeback: Comeback { attempts, pause: self.retry_delay },
            churn: Churn { rate: self.churn, storm: self.storm },
            ..group
        })
    }
}
