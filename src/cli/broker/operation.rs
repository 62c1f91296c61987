//! The options of `mqx broker` that say how it is watched and administered.

use crate::broker::{DEFAULT_SYS_SECONDS, Listen};
use crate::error::{Class, Error, Result};
use crate::session::Secret;
use clap::builder::NonEmptyStringValueParser;
use std::path::{Path, PathBuf};
use std::time::Duration;

const OPERATION: &str = "Operation";

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct OperationArgs {
    /// Seconds between the values of `$SYS/broker` while somebody is subscribed
    /// to them; 0 is never
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = DEFAULT_SYS_SECONDS,
        help_heading = OPERATION
    )]
    sys_interval: u32,

    /// Publish who comes, goes and subscribes to what, as EMQX does
    ///
    /// JSON on `$SYS/brokers/mqx/clients/CLIENT/connected`, `disconnected`,
    /// `subscribed` and `unsubscribed`; a wildcard in a client identifier is
    /// written %2B or %23 there.
    #[arg(long, help_heading = OPERATION)]
    sys_events: bool,

    /// File with what HTTP clients must show, as Authorization: Bearer TOKEN
    ///
    /// Without a token only clients on this machine are answered.
    #[arg(long, value_name = "FILE", help_heading = OPERATION)]
    http_token_file: Option<PathBuf>,

    /// The token itself, which others on this machine can then see
    #[arg(long, value_name = "TOKEN", help_heading = OPERATION)]
    http_token: Option<Secret>,

    /// Command to run as soon as the broker is ready; its end is the broker's,
    /// and its exit code too
    ///
    /// A shell runs it. It has stdin and stdout, and in its environment what
    /// there is of `MQTT_URL`, `MQTTS_URL`, `MQTT_WS_URL`, `MQTT_WSS_URL`,
    /// `MQTT_HOST`, `MQTT_PORT`, `MQTT_UNIX` and `MQX_API`; clients of mqx go to this
    /// broker by themselves (`MQX_BROKER`). SIGINT and SIGTERM are passed on to it.
    #[arg(
        long,
        value_name = "COMMAND",
        value_parser = NonEmptyStringValueParser::new(),
        help_heading = OPERATION
    )]
    exec: Option<String>,
}

/// What they and their file say.
pub(super) struct Operation {
    pub(super) sys_interval: Duration,
    pub(super) sys_events: bool,
    pub(super) http_token: Option<Secret>,
    pub(super) exec: Option<String>,
}

impl OperationArgs {
    /// Reads the token of a broker that listens there.
    ///
    /// # Errors
    /// When its file cannot be read or holds none, or a port for HTTP that
    /// others can reach has none.
    pub(super) fn read(self, listeners: &[Listen]) -> Result<Operation> {
        let token = match (self.http_token_file, self.http_token) {
            (Some(_), Some(_)) => {
                return Err(Error::usage("--http-token and --http-token-file are both given")
                    .hint("leave one of them out"));
            }
            (Some(path), None) => Some(read_token(&path)?),
            (None, token) => token,
        };
        let far = |listen: &Listen| listen.bind.is_some_and(|address| !address.is_loopback());
        let reachable = listeners.iter().any(|listen| listen.http_port.is_some() && far(listen));
        if reachable && token.is_none() {
            return Err(Error::usage(
                "--http-port can be reached from elsewhere, so it needs a token",
            )
            .hint("give --http-token-file, or leave --http-port out"));
        }
        Ok(Operation {
            sys_interval: Duration::from_secs(self.sys_interval.into()),
            sys_events: self.sys_events,
            http_token: token,
            exec: self.exec,
        })
    }
}

/// The first line of a file.
fn read_token(path: &Path) -> Result<Secret> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|cause| Error::file("read", path, cause))?;
    let token = text.lines().next().unwrap_or_default().trim();
    if token.is_empty() {
        let what = format!("{} holds no token", path.display());
        return Err(Error::new(Class::File, what).hint("its first line is the token"));
    }
    Ok(Secret::new(token))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn args() -> OperationArgs {
        OperationArgs {
            sys_interval: 10,
            sys_events: false,
            http_token_file: None,
            http_token: None,
            exec: None,
        }
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn listen(bind: &str) -> [Listen; 1] {
        [Listen { bind: bind.parse().ok(), http_port: Some(0), ..Listen::default() }]
    }

    #[test]
    fn a_port_that_others_reach_needs_a_token() {
        let refused = args().read(&listen("0.0.0.0")).err().unwrap();
        assert_eq!(refused.class(), Class::Usage);
        assert!(args().read(&listen("")).is_ok());
        assert!(args().read(&listen("127.0.0.1")).is_ok());
        let with_token = OperationArgs { http_token: Some(Secret::new("t")), ..args() };
        assert!(with_token.read(&listen("0.0.0.0")).is_ok());
    }

    #[test]
    fn the_first_line_of_the_file_is_the_token() {
        let held = file(" s3cret \nnotes\n");
        let path = Some(held.path().to_owned());
        let read = OperationArgs { http_token_file: path, ..args() }.read(&[]);
        assert_eq!(read.ok().unwrap().http_token.unwrap().expose(), b"s3cret");
        let held = file("\n");
        let path = Some(held.path().to_owned());
        let refused = OperationArgs { http_token_file: path, ..args() }.read(&[]).err();
        assert_eq!(refused.unwrap().class(), Class::File);
    }
}
