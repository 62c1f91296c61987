//! The options of `mqx broker` that say what clients must be like.

use crate::broker::core::Admission;
use crate::cli::values;
use crate::mqtt::{Version, topic};

const PERMISSIONS: &str = "Permissions";

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct AdmissionArgs {
    /// Versions of MQTT taken, with commas between: 5, 3.1.1 and 3.1 [default: all]
    #[arg(
        long,
        value_name = "VERSIONS",
        value_delimiter = ',',
        value_parser = version,
        help_heading = PERMISSIONS
    )]
    accept_versions: Vec<Version>,

    /// Refuse clients that leave it to the broker to give them an identifier
    #[arg(long, help_heading = PERMISSIONS)]
    no_empty_client_id: bool,

    /// What the identifiers begin with that the broker gives
    #[arg(
        long,
        value_name = "PREFIX",
        default_value_t = Admission::default().auto_id_prefix.into_string(),
        value_parser = prefix,
        help_heading = PERMISSIONS
    )]
    auto_id_prefix: String,

    /// Refuse clients whose identifier begins with something else
    #[arg(long, value_name = "PREFIX", value_parser = prefix, help_heading = PERMISSIONS)]
    client_id_prefix: Option<String>,

    /// The user name of a client is its identifier, whatever it calls itself;
    /// those without one are refused
    #[arg(long, help_heading = PERMISSIONS)]
    use_username_as_client_id: bool,
}

impl AdmissionArgs {
    /// What a listener demands of clients.
    pub(super) fn into_admission(self) -> Admission {
        Admission {
            versions: self.accept_versions,
            empty_client_id: !self.no_empty_client_id,
            auto_id_prefix: self.auto_id_prefix.into(),
            client_id_prefix: self.client_id_prefix.unwrap_or_default().into(),
            user_is_client_id: self.use_username_as_client_id,
        }
    }
}

/// A version by a name that means one.
fn version(text: &str) -> Result<Version, String> {
    let named = values::version(text)?;
    if named.ambiguous {
        return Err("3 may be 3.1 and 3.1.1: say which".to_owned());
    }
    Ok(named.version)
}

/// The beginning of an identifier: of the same characters as a topic, so that
/// rules with %c can be written for it.
fn prefix(text: &str) -> Result<String, String> {
    topic::check_name(text).map(|()| text.to_owned()).map_err(|error| error.what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_named_so_that_it_can_be_no_other() {
        assert_eq!(version("3.1"), Ok(Version::V31));
        assert_eq!(version("4"), Ok(Version::V311));
        assert!(version("3").is_err());
        assert!(prefix("dev-").is_ok());
        assert!(prefix("dev-#").is_err());
    }
}
