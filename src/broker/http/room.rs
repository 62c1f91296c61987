//! How many HTTP connections there are at once, so that MQTT is never short of
//! files because of them.

use super::stream::HttpStream;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections that are served at once, on all workers together: more than
/// administrators and scrapers have, and few of the files a process may open.
const MOST: usize = 64;

/// How long somebody may take to hear that there is no room.
const PATIENCE: Duration = Duration::from_secs(1);

/// What those hear.
const NO_ROOM: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    content-type: application/json\r\ncontent-length: 59\r\n\
    retry-after: 1\r\nconnection: close\r\n\r\n\
    {\"status\":503,\"error\":\"too many HTTP connections at once\"}\n";

/// The places for connections that are left.
#[derive(Debug, Clone)]
pub(in crate::broker) struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST)))
    }
}

impl Room {
    /// A place for one connection, until it is dropped; `None` if all are taken.
    pub(super) fn enter(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).try_acquire_owned().ok()
    }
}

/// Says that there is no room, to somebody whose request has begun to arrive.
pub(super) async fn turn_away(mut stream: HttpStream) {
    let tell = async {
        // What is left unread would cut off the answer (RFC 9112 §9.6).
        let _ = stream.read(&mut [0; 4096]).await?;
        stream.write_all(NO_ROOM).await?;
        stream.shutdown().await
    };
    // Whoever does not hear it is none the worse off.
    let _ = tokio::time::timeout(PATIENCE, tell).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_connection_has_ended() {
        let room = Room::default();
        let mut places: Vec<_> = std::iter::from_fn(|| room.enter()).collect();
        assert_eq!(places.len(), MOST);
        places.pop();
        assert!(room.enter().is_some());
    }

    #[test]
    fn the_answer_says_how_long_it_is() {
        let text = std::str::from_utf8(NO_ROOM).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
    }
}
