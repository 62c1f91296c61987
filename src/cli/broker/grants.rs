//! The options of `mqx broker` that say what clients may do: at every listener,
//! or at one that says something else.

use super::access::AccessArgs;
use super::limits::LimitArgs;
use super::sources::Entries;
use crate::broker::core::{Acl, Limits};
use crate::broker::{Listen, OwnRules};
use crate::error::Result;
use std::sync::Arc;

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct GrantArgs {
    #[command(flatten)]
    access: AccessArgs,

    #[command(flatten)]
    limits: LimitArgs,
}

/// The option whose file has the rules.
const ACL_FILE: &str = "acl-file";

impl GrantArgs {
    /// Reads the rules, and what is allowed beside them.
    ///
    /// # Errors
    /// When the file of the rules cannot be read or is not in mosquitto's
    /// format.
    pub(super) fn read(self) -> Result<(Option<Acl>, Limits)> {
        let acl = self.access.read()?;
        Ok((acl, self.into_limits()))
    }

    /// Puts on `listen` what is said of it alone: that is `own`, and these are
    /// all options that hold there. Rules are called after their file, so that
    /// listeners with the same file have the same rules.
    ///
    /// # Errors
    /// As [`GrantArgs::read`].
    pub(super) fn read_own(self, own: &Entries, listen: Listen) -> Result<Listen> {
        let own_rules = || {
            let acl = self.access.read()?;
            Ok(OwnRules { name: self.access.name(), acl })
        };
        let rules = own.has(ACL_FILE).then(own_rules).transpose()?;
        let limited = own.names().any(|name| name != ACL_FILE);
        let limits = limited.then(|| Arc::new(self.into_limits()));
        Ok(Listen { rules, limits, ..listen })
    }

    fn into_limits(self) -> Limits {
        let acl_subscribe_check = self.access.subscribe_check;
        Limits { acl_subscribe_check, ..self.limits.into_limits() }
    }
}
