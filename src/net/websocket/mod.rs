//! WebSocket (RFC 6455) without IO. As a server speaks it: [`answer`] answers
//! the HTTP request that asks for it, a [`Decoder`] takes frames apart and
//! [`put_frame`] makes them. As a client does: [`Request`], [`judge_response`]
//! and [`put_masked_frame`].
//!
//! Frames are nothing but wrapping here: where one begins or ends says nothing
//! about the packets inside (MQTT-6.0.0-2). So payload is handed on as it
//! arrives and none is kept, whatever length a frame announces. Extensions are
//! never agreed on.

mod decode;
mod encode;
mod handshake;
mod origin;
mod request;
mod wire;

pub use decode::{ControlPayload, Decoder, End};
pub use encode::{put_close, put_frame, put_masked_frame};
pub use handshake::{ANY_PATH, Answer, MAX_REQUEST, answer, is_for_another};
pub use origin::Origins;
pub use request::{HeaderField, Refused, Request, judge_response, key};
pub use wire::{Maker, Opcode, Violation, code};
