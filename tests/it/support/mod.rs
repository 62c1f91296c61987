//! What several areas of tests need.

pub(crate) mod peer;
pub(crate) mod program;
