//! What is done once a day for the files of a running broker: certificates of its own
//! are renewed before they end. The next client sees them, for the files of TLS are
//! looked at whenever one comes.

use super::config::Config;
use crate::error::Result;
use crate::output;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long lies between two rounds: much less than certificates are renewed before
/// they end, and so long that it does not count as waking an idle broker.
const ROUND: Duration = Duration::from_hours(24);

/// Something that is done for the files of a broker from time to time.
#[derive(Clone)]
pub struct Upkeep(Arc<dyn Fn() -> Result<Vec<String>> + Send + Sync>);

impl Upkeep {
    /// What `work` does, which returns a sentence for each change.
    pub fn new(work: impl Fn() -> Result<Vec<String>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(work))
    }

    /// Does it and says what has changed, or why it cannot be done.
    pub(super) fn run(&self) {
        match (self.0)() {
            Ok(news) => news.iter().for_each(output::note),
            Err(error) => {
                output::warn(format!("the certificate cannot be renewed: {}", error.line()));
            }
        }
    }
}

impl fmt::Debug for Upkeep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upkeep")
    }
}

/// Does what `config` names once a day, for ever; nothing wakes up if it names nothing.
pub(super) async fn keep_up(config: &Config) {
    let own = config.listeners.iter().filter_map(|listen| listen.own_certificate.as_ref());
    let all: Vec<_> = own.filter_map(|own| own.upkeep.as_ref()).collect();
    if all.is_empty() {
        return std::future::pending().await;
    }
    loop {
        tokio::time::sleep(ROUND).await;
        for upkeep in &all {
            upkeep.run();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::{Listen, OwnCertificate};
    use crate::error::Error;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::time::{Instant, timeout};

    #[tokio::test(start_paused = true)]
    async fn it_is_done_once_a_day_even_if_it_fails() {
        let count = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&count);
        let upkeep = Upkeep::new(move || match counted.fetch_add(1, Ordering::Relaxed) {
            0 => Err(Error::usage("not today")),
            _ => Ok(Vec::new()),
        });
        let own = OwnCertificate { ca: "ca.crt".into(), lab: None, upkeep: Some(upkeep) };
        let config = Config::at(Listen { own_certificate: Some(own), ..Listen::default() });
        let begin = Instant::now();
        assert!(timeout(ROUND * 7 / 2, keep_up(&config)).await.is_err());
        assert_eq!((count.load(Ordering::Relaxed), begin.elapsed()), (3, ROUND * 7 / 2));
    }
}
