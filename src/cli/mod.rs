//! What may be typed, and nothing about what it does.
//!
//! Each command has one file with its `Args`; `into_config` lowers them once to
//! the feature's `Config`, which is where files are read and defaults end.

pub mod certs;

use clap::{Parser as _, ValueEnum};
