//! What several areas of tests need.

pub(crate) mod dns;
pub(crate) mod peer;
pub(crate) mod program;
pub(crate) mod proxy;
