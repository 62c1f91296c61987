//! Reads what a proxy says before the client does.

use super::hindrance::Hindrance;
use super::socket::Socket;
use crate::net::proxy_protocol::{LONGEST_LINE, header_length};

/// Reads the header of the PROXY protocol and not a byte more.
///
/// # Errors
/// When another thing comes, or the end.
pub(super) async fn skip_header(socket: &Socket) -> Result<(), Hindrance> {
    let mut bytes = [0; LONGEST_LINE];
    let mut have = 0;
    loop {
        let count = socket.peek(bytes.get_mut(have..).unwrap_or_default()).await?;
        if count == 0 {
            return Err(Hindrance::LEFT);
        }
        let seen = bytes.get(..have + count).unwrap_or_default();
        if let Some(length) = header_length(seen).map_err(Hindrance::proxy)? {
            return Ok(socket.discard(length - have).await?);
        }
        // All of it belongs to the header, and more does.
        socket.discard(count).await?;
        have += count;
    }
}
