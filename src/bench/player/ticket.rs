//! What a client remembers of a message until the broker has answered for it:
//! whose it is and when it was due, in the one number that a session keeps.

use crate::session::{Time, Token};

/// Bits of the time; two years in nanoseconds.
const TIME_BITS: u32 = 56;

/// A message that the broker has not answered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    /// The stream of the client that it is of.
    pub(in crate::bench) stream: u8,
    /// When it was due, by the clock of the run.
    pub(in crate::bench) due: Time,
}

impl From<Ticket> for Token {
    fn from(ticket: Ticket) -> Self {
        let time = ticket.due.nanos() & ((1 << TIME_BITS) - 1);
        Self::from(ticket.stream) << TIME_BITS | time
    }
}

impl From<Token> for Ticket {
    fn from(token: Token) -> Self {
        let [stream, ..] = token.to_be_bytes();
        Self { stream, due: Time::from_nanos(token & ((1 << TIME_BITS) - 1)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_ticket_comes_back_as_it_was(stream: u8, due in 0..1_u64 << TIME_BITS) {
            let ticket = Ticket { stream, due: Time::from_nanos(due) };
            prop_assert_eq!(Ticket::from(Token::from(ticket)), ticket);
        }
    }
}
