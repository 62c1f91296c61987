//! `mqx sub`: subscribes and prints what arrives, until it has seen enough.

mod config;
mod gate;
mod lull;
mod printer;
mod query;
mod reading;
mod recorder;
mod requests;
mod sweep;

pub use config::{Config, Expectation, Retained, Subscription};
pub use query::Query;

use crate::client::{Connection, Retry, expire, part, reconnect};
use crate::error::{Error, Result};
use crate::output::{self, Sink};
use crate::session::Event;
use crate::signals::Signal;
use lull::Lull;
use printer::Printer;
use sweep::Sweep;
use tokio::time::{sleep, timeout_at};

/// Subscribes and prints to `sink` until it has seen enough or `stop` ends,
/// which is a success once the broker has accepted the connection.
///
/// # Errors
/// When the broker cannot be reached, refuses, or denies a subscription, when
/// time runs out, or when nobody reads the output any more.
pub async fn run(config: Config, sink: Sink, stop: impl Future<Output = Signal>) -> Result<()> {
    let time_out = expire(config.timeout);
    let patience = lose_patience(config.expect.clone());
    let mut subscriber =
        Subscriber { connection: None, printer: Printer::new(&config, sink)?, config };
    let end = tokio::select! {
        biased;
        done = subscriber.work() => done,
        signal = stop => subscriber.stopped(signal),
        error = time_out => Err(error),
        error = patience => Err(error),
    };
    part(subscriber.connection.take()).await;
    // What was received is printed whatever the end; the first failure counts.
    end.and(subscriber.printer.finish())
}

async fn lose_patience(expect: Option<Expectation>) -> Error {
    match expect.and_then(|expect| Some((expect.within?, expect))) {
        Some((within, expect)) => {
            sleep(within).await;
            expect.failure()
        }
        None => std::future::pending().await,
    }
}

struct Subscriber {
    config: Config,
    connection: Option<Connection>,
    printer: Printer,
}

impl Subscriber {
    /// Prints messages until there have been enough.
    async fn work(&mut self) -> Result<()> {
        let printer = &mut self.printer;
        let mut on_event = |event: Event<'_>| printer.note(&event);
        let connection = Connection::open(self.config.connect.clone(), &mut on_event).await?;
        let connection = self.connection.insert(connection);
        requests::send(connection, &self.config, self.printer.sweep.is_some())?;
        let mut lull = Lull::new(self.config.idle_timeout);
        while self.printer.is_open() {
            let printer = &mut self.printer;
            let over = printer.sweep.as_ref().is_some_and(Sweep::is_over);
            let limit = lull.limit(printer.seen(), over);
            let mut on_event = |event: Event<'_>| printer.note(&event);
            let exchanged = connection.exchange(&mut on_event);
            let exchanged = match limit {
                None => exchanged.await,
                Some(limit) => match timeout_at(limit.time(), exchanged).await {
                    Ok(exchanged) => exchanged,
                    Err(_) => return limit.end(),
                },
            };
            printer.write_out()?;
            if let Err(error) = exchanged {
                come_back(connection, error, &self.config, printer).await?;
            }
            if let Some(sweep) = &mut printer.sweep {
                sweep.send(connection, requests::REMOVAL)?;
            }
        }
        Ok(())
    }

    fn stopped(&self, signal: Signal) -> Result<()> {
        match self.connection {
            Some(_) => Ok(()),
            None => Err(signal.error()),
        }
    }
}

/// Connects and asks again after the connection was lost.
async fn come_back(
    connection: &mut Connection,
    error: Error,
    config: &Config,
    printer: &mut Printer,
) -> Result<()> {
    let mut on_event = |event: Event<'_>| printer.note(&event);
    reconnect(connection, error, Retry::Forever, &mut on_event).await?;
    printer.sweep.iter_mut().for_each(Sweep::restart);
    requests::send(connection, config, printer.sweep.is_some())?;
    output::note("subscribing again");
    Ok(())
}
