//! TLS of a server as its files say: they are looked at whenever a client comes, so
//! that a certificate that was renewed is shown without a restart and nothing wakes
//! up while nobody comes.

use super::tls_server::{TlsServerOptions, tls_server};
use crate::error::Result;
use parking_lot::Mutex;
use rustls::ServerConfig;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

/// How a server speaks TLS; a clone shares it.
#[derive(Debug, Clone)]
pub struct TlsServer(Arc<Kept>);

#[derive(Debug)]
struct Kept {
    /// What the files are; without any nothing changes.
    options: Option<TlsServerOptions>,
    current: Mutex<Current>,
}

/// What holds now.
#[derive(Debug)]
struct Current {
    config: Arc<ServerConfig>,
    /// What the files looked like when they were read.
    stamps: Vec<Stamp>,
}

/// What shows that a file is another than before: its age, its size and, as it is
/// mostly replaced by renaming, its number; nothing of one that is not there.
type Stamp = Option<(SystemTime, u64, u64)>;

/// What came of files that have changed: the warnings about the new ones, or why
/// those from before stay in force.
pub type Change = Result<Vec<String>>;

impl TlsServer {
    /// Reads the files the options name; beside it come the warnings of
    /// [`tls_server()`].
    ///
    /// # Errors
    /// As [`tls_server()`].
    pub fn new(options: TlsServerOptions) -> Result<(Self, Vec<String>)> {
        let stamps = stamps(&options);
        let (config, warnings) = tls_server(&options)?;
        let current = Mutex::new(Current { config, stamps });
        Ok((Self(Arc::new(Kept { options: Some(options), current })), warnings))
    }

    /// How to speak with a client that comes now. If the files have changed since
    /// the last one came, they are read again; what came of that is told once.
    #[must_use]
    pub fn config(&self) -> (Arc<ServerConfig>, Option<Change>) {
        let mut current = self.0.current.lock();
        let change = self.0.options.as_ref().and_then(|options| current.renew(options));
        (Arc::clone(&current.config), change)
    }
}

impl From<Arc<ServerConfig>> for TlsServer {
    /// TLS that stays as it is.
    fn from(config: Arc<ServerConfig>) -> Self {
        let current = Mutex::new(Current { config, stamps: Vec::new() });
        Self(Arc::new(Kept { options: None, current }))
    }
}

impl Current {
    fn renew(&mut self, options: &TlsServerOptions) -> Option<Change> {
        let stamps = stamps(options);
        if stamps == self.stamps {
            return None;
        }
        self.stamps = stamps;
        Some(tls_server(options).map(|(config, warnings)| {
            self.config = config;
            warnings
        }))
    }
}

fn stamps(options: &TlsServerOptions) -> Vec<Stamp> {
    options.files().map(stamp).collect()
}

fn stamp(path: &Path) -> Stamp {
    use std::os::unix::fs::MetadataExt as _;
    let found = fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len(), found.ino()))
}
