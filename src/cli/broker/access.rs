//! The options of `mqx broker` that say what clients may do with which topics.

use crate::broker::access::load_acl;
use crate::broker::core::Acl;
use crate::error::Result;
use std::path::{Path, PathBuf};

const PERMISSIONS: &str = "Permissions";

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct AccessArgs {
    /// Who may read and write which topics, in the format of mosquitto
    ///
    /// `user NAME` opens a section; rules before the first are for clients
    /// without a name. `topic [read|write|readwrite|deny] FILTER` is a rule of
    /// the section; `pattern [...] FILTER` is one for everybody, in which %c
    /// stands for the client identifier and %u for the user name. What no rule
    /// allows is denied; a section's rules come before patterns, and of each
    /// those that deny come first.
    #[arg(long, value_name = "FILE", help_heading = PERMISSIONS)]
    acl_file: Option<PathBuf>,

    /// Refuse a subscription that the rules allow no message of
    ///
    /// mosquitto grants every subscription and then delivers nothing: so does
    /// this broker with false.
    #[arg(
        long = "acl-subscribe-check",
        value_name = "BOOL",
        default_value_t = true,
        action = clap::ArgAction::Set,
        help_heading = PERMISSIONS
    )]
    pub(super) subscribe_check: bool,
}

impl AccessArgs {
    /// Reads the rules.
    ///
    /// # Errors
    /// When the file cannot be read or is not in mosquitto's format.
    pub(super) fn read(&self) -> Result<Option<Acl>> {
        self.acl_file.as_deref().map(load_acl).transpose()
    }

    /// What the rules are called: as their file.
    pub(super) fn name(&self) -> String {
        self.acl_file.as_deref().unwrap_or(Path::new("")).display().to_string()
    }
}
