//! How many files, and so how many connections, this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit as far as the process may raise it itself. What shells
/// usually set is less than what a broker or a load generator can serve.
pub fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    // A system that refuses leaves the limit as it was; whoever then has too
    // few files says so.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}
