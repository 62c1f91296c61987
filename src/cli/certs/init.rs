//! `mqx certs init`: its arguments.

use super::delivery::{DeliveryArgs, PrintArgs};
use super::issue::DaysArgs;
use super::key::KeyArgs;
use crate::certs::{CommonName, Host, Subject, Task, init};
use crate::error::Result;
use clap::Args;

/// What is behind the options.
pub(super) const AFTER_HELP: &str = "\
Writes ca.crt, ca.key, server.crt, server.key, client.crt and client.key, notes in \
index.jsonl what was signed, and prints the broker and client commands that use the \
files. The server certificate is for localhost, 127.0.0.1, ::1, this machine's host \
name and every --host.";

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    #[command(flatten)]
    delivery: DeliveryArgs,

    /// Make the server certificate for this host name or IP address as well
    /// (repeatable; *.example.org stands for every host of example.org)
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<Host>,

    /// The common name of the client certificate
    #[arg(long, value_name = "NAME", default_value_t = CommonName::default())]
    client_name: CommonName,

    /// What the subjects of all three begin with, as in C=TW,ST=Taipei,O=FOO
    #[arg(long, value_name = "SUBJECT", default_value = "", hide_default_value = true,
        value_parser = subject_without_name)]
    subject: Subject,

    #[command(flatten)]
    days: DaysArgs,

    #[command(flatten)]
    print: PrintArgs,

    #[command(flatten)]
    key: KeyArgs,
}

/// Reads a subject in which the three have no name in common.
fn subject_without_name(text: &str) -> Result<Subject, String> {
    if text.is_empty() {
        return Ok(Subject::default());
    }
    let subject: Subject = text.parse().map_err(|error: crate::error::Error| error.to_string())?;
    if subject.has_common_name() {
        return Err("leave out CN: it has to be another one for each".to_owned());
    }
    Ok(subject)
}

impl InitArgs {
    pub(super) fn into_task(self) -> Result<Task> {
        Ok(Task::Init(init::Config {
            delivery: self.delivery.into_delivery(self.print.print),
            hosts: self.hosts,
            client_name: self.client_name,
            subject: self.subject,
            days: self.days.days,
            key: self.key.into_options()?,
        }))
    }
}
