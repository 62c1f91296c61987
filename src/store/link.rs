//! The connection to a Redis server, made again after it broke.

use super::address::Address;
use crate::error::{Class, Error, Result};
use ::redis::{Client, Connection, ErrorKind, RedisError, RedisResult, RetryMethod};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long the server may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The pause before something is looked at again.
pub const LOOK: Duration = Duration::from_millis(100);

/// Pauses between attempts grow to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How long a server that is away is tried.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection that is there when it is needed.
pub struct Link {
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
pub enum Failure {
    /// It may be tried again: the server is away, or busy.
    Passing(Option<RedisError>),
    /// The server refuses.
    Refused(RedisError),
    /// It must not be tried again.
    Final(&'static str),
}

impl Failure {
    /// The error that this is for the store at `address`.
    #[must_use]
    pub fn explain(self, address: &Address) -> Error {
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
#[must_use]
pub fn broken(address: &Address, cause: RedisError) -> Error {
    unusable(address).because(cause)
}

impl Link {
    /// The way to the server of `address`, which is not gone yet.
    ///
    /// # Errors
    /// When there can be none.
    pub fn new(address: &Address) -> Result<Self> {
        let client = address.client().map_err(|cause| broken(address, cause))?;
        Ok(Self { address: address.clone(), client, connection: None })
    }

    /// The connection, which is made if there is none.
    ///
    /// # Errors
    /// What the library says.
    pub fn connection(&mut self) -> RedisResult<&mut Connection> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(&self.client)?,
        };
        Ok(self.connection.insert(connection))
    }

    /// The same for an attempt.
    ///
    /// # Errors
    /// Whether to try again.
    pub fn reach(&mut self) -> Result<&mut Connection, Failure> {
        self.connection().map_err(Failure::from)
    }

    /// The same for what is done once.
    ///
    /// # Errors
    /// Why the store cannot be used.
    pub fn get(&mut self) -> Result<&mut Connection> {
        let address = self.address.clone();
        self.connection().map_err(|cause| broken(&address, cause))
    }
}

/// Attempts something until it is done, or the server has been away for long.
/// Each attempt has a new connection after one that failed.
///
/// # Errors
/// Why it cannot be done.
pub fn patiently<T>(
    owner: &mut T,
    link: impl Fn(&mut T) -> &mut Link,
    mut attempt: impl FnMut(&mut T) -> Result<(), Failure>,
) -> Result<()> {
    let begin = Instant::now();
    let mut pause = LOOK;
    loop {
        let failure = match attempt(owner) {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        let link = link(owner);
        if !matches!(failure, Failure::Passing(_)) || begin.elapsed() >= PATIENCE {
            return Err(failure.explain(&link.address));
        }
        link.connection = None;
        sleep(pause);
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

/// A name that nobody else has.
///
/// # Errors
/// When there is no chance to be had.
pub fn token() -> Result<String> {
    let mut bytes = [0; 16];
    let none = |_| Error::new(Class::Other, "no random numbers to be had");
    aws_lc_rs::rand::fill(&mut bytes).map_err(none)?;
    Ok(STANDARD.encode(bytes))
}

fn connect(client: &Client) -> RedisResult<Connection> {
    let connection = client.get_connection_with_timeout(TIMEOUT)?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    connection.set_write_timeout(Some(TIMEOUT))?;
    Ok(connection)
}
