//! Changing what a running broker goes by: the configuration is read again as a
//! whole, and put into force as a whole or not at all.

use super::access::Common;
use super::bridge::Bridges;
use super::config::{Config, Listen};
use super::core::Core;
use super::reception::Reception;
use crate::error::{Class, Error, Result};
use parking_lot::Mutex;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a configuration is read from, each time anew.
#[derive(Clone)]
pub struct Source(Arc<dyn Fn() -> Result<Config> + Send + Sync>);

impl Source {
    /// What `read` gives.
    pub fn new(read: impl Fn() -> Result<Config> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// Reads it.
    ///
    /// # Errors
    /// When it, or a file that it names, cannot be read or used.
    pub fn read(&self) -> Result<Config> {
        (self.0)()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}

/// What of a running broker can be changed.
#[derive(Debug)]
pub(super) struct Reloader {
    source: Option<Source>,
    core: Arc<Core>,
    bridges: Arc<Bridges>,
    receptions: Vec<(Place, Arc<Reception>)>,
    common: Arc<Common>,
    /// Held while a change is made.
    changing: Mutex<()>,
}

/// What of a listener stays as long as the broker runs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    bind: Option<IpAddr>,
    interface: Option<String>,
    ports: [Option<u16>; 4],
    unix: Option<PathBuf>,
    ws_path: String,
    proxy_protocol: bool,
    require_tls: bool,
}

impl Place {
    pub(super) fn of(listen: &Listen) -> Self {
        Self {
            bind: listen.bind,
            interface: listen.interface.clone(),
            ports: [listen.port, listen.tls_port, listen.ws_port, listen.http_port],
            unix: listen.unix.clone(),
            ws_path: listen.ws_path.clone(),
            proxy_protocol: listen.proxy_protocol,
            require_tls: listen.require_tls,
        }
    }
}

impl Reloader {
    pub(super) fn new(
        source: Option<Source>,
        (core, bridges): (Arc<Core>, Arc<Bridges>),
        receptions: Vec<(Place, Arc<Reception>)>,
        common: Arc<Common>,
    ) -> Self {
        Self { source, core, bridges, receptions, common, changing: Mutex::new(()) }
    }

    /// Reads the configuration again and puts it into force.
    ///
    /// # Errors
    /// When there is nothing to read it from, when it is wrong, or when it
    /// listens elsewhere; then everything stays as it was.
    pub(super) fn reload(&self) -> Result<()> {
        let source = self.source.as_ref();
        let source = source.ok_or_else(|| {
            Error::new(Class::Other, "nothing says where the configuration is to be read from")
        })?;
        let _alone = self.changing.lock();
        self.apply(&source.read()?)
    }

    fn apply(&self, config: &Config) -> Result<()> {
        let known: Vec<_> = self.receptions.iter().map(|(place, _)| place).collect();
        let places: Vec<_> = config.listeners.iter().map(Place::of).collect();
        if !places.iter().eq(known) {
            return Err(Error::new(Class::Listen, "where the broker listens has changed")
                .hint("this takes a restart; everything stays as it was"));
        }
        Bridges::check(&config.bridges)?;
        for ((_, reception), listen) in self.receptions.iter().zip(&config.listeners) {
            reception.change(listen, &self.common);
        }
        self.core.set_limits(config.limits.clone());
        self.core.set_acls(config.acls());
        self.bridges.set(&config.bridges);
        Ok(())
    }
}
