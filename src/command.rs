//! A command of the user's that is run for a message: by the shell, with the
//! payload at its stdin and what else is known of the message in its environment.
//!
//! | Variable | Value |
//! |---|---|
//! | `MQTT_TOPIC` | the topic |
//! | `MQTT_QOS` | 0, 1 or 2 |
//! | `MQTT_RETAIN`, `MQTT_DUP` | 0 or 1 |
//! | `MQTT_PROPERTIES` | the properties as JSON, spelled as `mqx sub -J` does |
//! | `MQTT_CONTENT_TYPE` ... | each property by its name; user properties have `MQTT_PROPERTIES` only |
//!
//! A property that is absent has no variable, even if mqx itself was started with
//! one of that name. Correlation data that is not text is in Base64, in
//! `MQTT_CORRELATION_DATA_B64`.

use crate::error::{Class, Error, Result};
use crate::mqtt::{PropertyValue, Publish};
use crate::payload::READ_AT_MOST;
use crate::record;
use crate::text_or_base64::TextOrBase64;
use rustix::process::{self, Pid, getpgrp, kill_process_group};
use rustix::termios::tcgetpgrp;
use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

/// What runs the commands of users.
pub const SHELL: &str = "/bin/sh";

/// Whether this process is what the user of its terminal sees before them.
#[must_use]
pub fn in_foreground() -> bool {
    let terminal = File::open("/dev/tty").ok();
    let group = terminal.and_then(|terminal| tcgetpgrp(terminal).ok());
    group == Some(getpgrp())
}

/// A command that runs, with all that it has started: a shell that is killed alone would
/// leave that behind. It leads a process group of its own, except in the foreground of a
/// terminal, where it may have to ask there, and Ctrl-C reaches all of it anyway.
struct Running {
    child: Child,
    leads: bool,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Without an identifier it has ended and was waited for.
        let id = self.child.id().filter(|_| self.leads).and_then(|id| i32::try_from(id).ok());
        if let Some(group) = id.and_then(Pid::from_raw) {
            let _ = kill_process_group(group, process::Signal::KILL);
        }
    }
}

/// A command for one message.
#[derive(Debug)]
pub struct Job {
    command: Arc<str>,
    environment: Vec<(String, String)>,
    input: Vec<u8>,
}

impl Job {
    /// A job that runs `command` about a message, with `input` at its stdin: the
    /// payload, or what was made of it.
    #[must_use]
    pub fn new(command: &Arc<str>, publish: &Publish<'_>, input: Vec<u8>) -> Self {
        Self { command: Arc::clone(command), environment: environment(publish), input }
    }

    /// Runs the command to its end; what it prints goes where that of mqx goes.
    /// The command and what it has started are killed when this is dropped.
    ///
    /// # Errors
    /// When it cannot be started, or does not end with success.
    pub async fn run(self) -> Result<()> {
        self.finish(Stdio::inherit()).await.map(drop)
    }

    /// The same, and what the command prints: of it no more than a payload has room for.
    ///
    /// # Errors
    /// As [`Job::run`].
    pub async fn output(self) -> Result<Vec<u8>> {
        self.finish(Stdio::piped()).await
    }

    async fn finish(self, stdout: Stdio) -> Result<Vec<u8>> {
        let Self { command, environment, input } = self;
        let failed = |cause| Error::file("run", Path::new(SHELL), cause);
        let mut running = spawn(&command, environment, stdout, !in_foreground()).map_err(failed)?;
        let child = &mut running.child;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let feed = async {
            if let Some(mut stdin) = stdin {
                // A command need not read what it is given.
                let _ = stdin.write_all(&input).await;
            }
        };
        let read = async {
            let mut printed = Vec::new();
            match stdout {
                Some(stdout) => stdout.take(READ_AT_MOST).read_to_end(&mut printed).await?,
                None => 0,
            };
            Ok(printed)
        };
        let ((), printed, ended) = tokio::join!(feed, read, child.wait());
        judge(ended)?;
        printed.map_err(failed)
    }
}

fn spawn(
    command: &str,
    environment: Vec<(String, String)>,
    stdout: Stdio,
    leads: bool,
) -> io::Result<Running> {
    let mut shell = Command::new(SHELL);
    shell.arg("-c").arg(command).stdin(Stdio::piped()).stdout(stdout).kill_on_drop(true);
    for name in PROPERTIES {
        shell.env_remove(variable(name));
    }
    shell.env_remove(variable(&TextOrBase64::base64(&[]).member(CORRELATION_DATA)));
    shell.envs(environment);
    if leads {
        shell.process_group(0);
    }
    Ok(Running { child: shell.spawn()?, leads })
}

/// What the end of the command means.
fn judge(ended: io::Result<ExitStatus>) -> Result<()> {
    let failed = |what| Error::new(Class::CommandFailed, what);
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(format!("the command has ended with {status}"))),
        Err(cause) => Err(failed("cannot wait for the command".to_owned()).because(cause)),
    }
}

const CORRELATION_DATA: &str = "correlation-data";

/// The properties that have a variable of their own.
const PROPERTIES: [&str; 8] = [
    "properties",
    "payload-format-indicator",
    "message-expiry-interval",
    "topic-alias",
    "response-topic",
    CORRELATION_DATA,
    "subscription-identifier",
    "content-type",
];

/// The variable that says a value of this name.
fn variable(name: &str) -> String {
    format!("MQTT_{}", name.replace('-', "_").to_ascii_uppercase())
}

/// What is known of a message, its payload aside.
fn environment(publish: &Publish<'_>) -> Vec<(String, String)> {
    let flag = |set: bool| u8::from(set).to_string();
    let mut all = vec![
        ("MQTT_TOPIC".to_owned(), publish.topic.to_owned()),
        ("MQTT_QOS".to_owned(), (publish.qos as u8).to_string()),
        ("MQTT_RETAIN".to_owned(), flag(publish.retain)),
        ("MQTT_DUP".to_owned(), flag(publish.dup)),
    ];
    publish.properties.visit(&mut |name, value| {
        let (name, value) = match value {
            PropertyValue::Number(number) => (name.into(), number.to_string()),
            PropertyValue::Text(text) => (name.into(), text.to_owned()),
            PropertyValue::Binary(bytes) => {
                let bytes = TextOrBase64::of(bytes);
                (bytes.member(name), bytes.value().to_owned())
            }
            PropertyValue::Pair(..) => return,
        };
        all.push((variable(&name), value));
    });
    if let Some(json) = record::properties(&publish.properties) {
        all.push((variable("properties"), String::from_utf8_lossy(&json).into_owned()));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mqtt::{PropertyBuf, PublishProperties, QoS};
    use std::os::unix::process::ExitStatusExt as _;

    fn said(publish: &Publish<'_>) -> Vec<String> {
        let said = environment(publish).into_iter();
        said.map(|(name, value)| format!("{name}={value}")).collect()
    }

    #[test]
    fn a_message_without_properties_has_four_variables() {
        let publish = Publish { topic: "a/b", qos: QoS::AtLeastOnce, ..Publish::default() };
        let wanted = ["MQTT_TOPIC=a/b", "MQTT_QOS=1", "MQTT_RETAIN=0", "MQTT_DUP=0"];
        assert_eq!(said(&publish), wanted);
    }

    #[test]
    fn each_property_has_a_variable_and_all_are_there_as_json() {
        let mut pairs = PropertyBuf::default();
        pairs.push_user("k", "v").unwrap();
        let properties = PublishProperties {
            content_type: Some("text/plain"),
            correlation_data: Some(&[0xff]),
            user_properties: pairs.user_properties(),
            ..PublishProperties::default()
        };
        let said = said(&Publish { topic: "a", properties, ..Publish::default() });
        assert_eq!(
            said[4..],
            [
                "MQTT_CORRELATION_DATA_B64=/w==",
                "MQTT_CONTENT_TYPE=text/plain",
                "MQTT_PROPERTIES={\"correlation-data_b64\":\"/w==\",\
                 \"content-type\":\"text/plain\",\"user-properties\":[{\"k\":\"v\"}]}",
            ]
        );
    }

    #[test]
    fn every_property_that_has_a_variable_is_removed_from_what_is_inherited() {
        let properties = PublishProperties {
            payload_format_indicator: Some(true),
            message_expiry_interval: Some(1),
            content_type: Some("c"),
            response_topic: Some("r"),
            correlation_data: Some(b"d"),
            topic_alias: Some(crate::mqtt::TopicAlias(std::num::NonZeroU16::MIN)),
            ..PublishProperties::default()
        };
        let publish = Publish { properties, ..Publish::default() };
        let removed = PROPERTIES.map(variable);
        for (name, _) in environment(&publish).into_iter().skip(4) {
            assert!(removed.contains(&name), "{name}");
        }
    }

    #[tokio::test]
    async fn what_a_command_has_started_does_not_outlive_it_when_it_is_dropped() {
        let command = "(echo started; sleep 600) & wait";
        let mut running = spawn(command, Vec::new(), Stdio::piped(), true).unwrap();
        let mut stdout = running.child.stdout.take().unwrap();
        assert_eq!(stdout.read_u8().await.unwrap(), b's');
        drop(running);
        let mut rest = Vec::new();
        // The last of them that holds the pipe is gone when it ends.
        let ended = stdout.read_to_end(&mut rest);
        tokio::time::timeout(std::time::Duration::from_mins(1), ended).await.unwrap().unwrap();
    }

    #[test]
    fn an_end_without_success_is_told_as_the_system_tells_it() {
        let words = |raw| judge(Ok(ExitStatus::from_raw(raw))).unwrap_err().to_string();
        assert!(words(3 << 8).ends_with("exit status: 3"));
        assert!(words(9).contains("signal: 9"));
        assert!(judge(Ok(ExitStatus::from_raw(0))).is_ok());
    }
}
