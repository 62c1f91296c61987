//! The connection to a Redis server, made again after it broke.

use super::address::Address;
use crate::error::{Class, Error, Result};
use ::redis::{Client, Connection, ErrorKind, RedisError, RedisResult, RetryMethod};
use std::fmt;
use std::time::Duration;

/// How long the server may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that is there when it is needed.
pub(super) struct Link {
    address: Address,
    client: Client,
    connection: Option<Connection>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.address)
    }
}

/// Why a commit was not made.
#[derive(Debug)]
pub(super) enum Failure {
    /// It may be tried again: the server is away, or busy.
    Passing(Option<RedisError>),
    /// The server refuses.
    Refused(RedisError),
    /// It must not be tried again.
    Final(&'static str),
}

impl Failure {
    pub(super) fn explain(self, address: &Address) -> Error {
        match self {
            Self::Passing(Some(cause)) | Self::Refused(cause) => broken(address, cause),
            Self::Passing(None) => unusable(address).because(anyhow::anyhow!("it is contested")),
            Self::Final(what) => unusable(address).because(anyhow::anyhow!(what)),
        }
    }
}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        let is_busy = matches!(error.retry_method(), RetryMethod::WaitAndRetry);
        match error.kind() {
            ErrorKind::Io => Self::Passing(Some(error)),
            _ if is_busy => Self::Passing(Some(error)),
            _ => Self::Refused(error),
        }
    }
}

fn unusable(address: &Address) -> Error {
    Error::new(Class::File, format!("cannot use the store {address}"))
}

/// The error for what a server has said, or has not.
pub(super) fn broken(address: &Address, cause: RedisError) -> Error {
    unusable(address).because(cause)
}

impl Link {
    pub(super) fn new(address: &Address) -> Result<Self> {
        let client = address.client().map_err(|cause| broken(address, cause))?;
        Ok(Self { address: address.clone(), client, connection: None })
    }

    /// The connection, which is made if there is none.
    pub(super) fn connection(&mut self) -> RedisResult<&mut Connection> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(&self.client)?,
        };
        Ok(self.connection.insert(connection))
    }

    pub(super) fn reach(&mut self) -> Result<&mut Connection, Failure> {
        self.connection().map_err(Failure::from)
    }

    pub(super) fn get(&mut self) -> Result<&mut Connection> {
        let address = self.address.clone();
        self.connection().map_err(|cause| broken(&address, cause))
    }

    /// Makes a new connection next time.
    pub(super) fn forget(&mut self) {
        self.connection = None;
    }
}

fn connect(client: &Client) -> RedisResult<Connection> {
    let connection = client.get_connection_with_timeout(TIMEOUT)?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    connection.set_write_timeout(Some(TIMEOUT))?;
    Ok(connection)
}
