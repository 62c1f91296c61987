//! The secrets of TLS in a file of choice, for Wireshark.

use crate::error::{Error, Result};
use rustls::KeyLog;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Appends every secret to a file that only its owner can read, in the format
/// of NSS.
#[derive(Debug)]
pub(super) struct KeyLogTo(Mutex<File>);

impl KeyLogTo {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
        file.map(|file| Self(Mutex::new(file))).map_err(|cause| Error::file("write", path, cause))
    }
}

impl KeyLog for KeyLogTo {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let line = format!("{label} {} {}\n", hex(client_random), hex(secret));
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A log that cannot be written is no reason to end the connection.
        let _ = file.write_all(line.as_bytes());
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}
