//! How many files, and so how many connections, this process may have open.

use crate::error::{Error, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit as far as the process may raise it itself. What shells
/// usually set is less than what a broker or a load generator can serve.
pub fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    // A system that refuses leaves the limit as it was; whoever then has too
    // few files says so.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// What a process has open beside its connections, with some to spare.
const OTHERS: u64 = 64;

/// Checks that this process may have so many connections open.
///
/// # Errors
/// A usage error with the command that helps.
pub fn check_room(connections: u32) -> Result<()> {
    let needed = u64::from(connections) + OTHERS;
    match getrlimit(Resource::Nofile).current {
        Some(limit) if limit < needed => {
            let what = format!(
                "{connections} connections need {needed} open files, and this process may have {limit}"
            );
            Err(Error::usage(what).hint(format!(
                "`ulimit -n {needed}` in this shell, as root where its hard limit is lower"
            )))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_connections_than_files_are_refused_with_the_command_that_helps() {
        assert!(check_room(1).is_ok());
        let limited = getrlimit(Resource::Nofile).current.is_some();
        let refused = check_room(u32::MAX).map_err(|error| crate::error::line(&error.into()));
        assert_eq!(refused.is_err(), limited, "{refused:?}");
    }
}
