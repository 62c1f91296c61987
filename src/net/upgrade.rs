//! From a stream to WebSocket over it: asks the server and judges its answer.

use super::websocket::{Refused, judge_response, key};
use super::{Endpoint, Stream, WebSocketStream, explain};
use crate::error::{Class, Error, Result};
use aws_lc_rs::rand;
use std::io;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};

/// What helps against a refusal, by its HTTP status.
const CURES: &[(u16, &str)] = &[
    (404, "name the path that the broker has: --ws-path /mqtt, or ws://HOST/mqtt"),
    (401, "give what the server wants to see with --ws-header 'Authorization: ...'"),
    (403, "give what the server wants to see with --ws-header 'Authorization: ...'"),
    (400, "is it the broker's port for WebSocket? without --ws plain MQTT is spoken"),
];

const NO_CURE: &str = "is it the broker's port for WebSocket? with TLS it takes wss:// or --tls";

/// Asks the server of `endpoint` at the other end of `stream` for WebSocket, if the
/// endpoint asks for that.
///
/// # Errors
/// [`Class::Connect`] if it refuses, [`Class::Tls`] if it says only now that it does
/// not like the client's certificate.
pub async fn upgrade(endpoint: &Endpoint, mut stream: Stream, deadline: Instant) -> Result<Stream> {
    let Some(request) = &endpoint.websocket else {
        return Ok(stream);
    };
    let mut nonce = [0; 16];
    rand::fill(&mut nonce).map_err(|_| Error::new(Class::Other, "no random numbers to be had"))?;
    let key = key(nonce);
    let request = request.bytes(&endpoint.authority(), &key);
    match timeout_at(deadline, ask(&mut stream, &request, &key)).await {
        Ok(Ok(Ok(early))) => Ok(Stream::WebSocket(Box::new(WebSocketStream::new(stream, early)))),
        Ok(Ok(Err(refused))) => Err(refusal(endpoint, &refused)),
        Ok(Err(error)) => Err(lost(endpoint, error)),
        Err(_) => Err(failed(endpoint, "it does not answer in time").hint(NO_CURE)),
    }
}

/// What came behind the response, or why there is no WebSocket.
async fn ask(
    stream: &mut Stream,
    request: &[u8],
    key: &str,
) -> io::Result<Result<Vec<u8>, Refused>> {
    stream.write_all(request).await?;
    stream.flush().await?;
    let mut response = Vec::new();
    loop {
        let mut bytes = [0; 1024];
        let count = stream.read(&mut bytes).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        response.extend_from_slice(bytes.get(..count).unwrap_or_default());
        if let Some(judged) = judge_response(&response, key) {
            return Ok(judged.map(|consumed| response.split_off(consumed.min(response.len()))));
        }
    }
}

fn failed(endpoint: &Endpoint, what: &str) -> Error {
    Error::new(Class::Connect, format!("WebSocket with {endpoint} failed: {what}"))
}

fn refusal(endpoint: &Endpoint, refused: &Refused) -> Error {
    let cure = CURES.iter().find(|(status, _)| Some(*status) == refused.status);
    failed(endpoint, &format!("it {}", refused.what)).hint(cure.map_or(NO_CURE, |(_, cure)| cure))
}

/// In TLS 1.3 the server may say only now what it thinks of the client.
fn lost(endpoint: &Endpoint, error: io::Error) -> Error {
    let error = explain(error, endpoint);
    match error.class() {
        Class::Tls => error,
        _ => failed(endpoint, "it closed the connection").because(error).hint(NO_CURE),
    }
}
