//! Takes frames apart.

use super::wire::{self, Header, LONGEST, MAX_CONTROL, Maker, Opcode, Violation, code};

/// Takes the frames of a peer apart as their bytes arrive, in whatever pieces.
#[derive(Debug)]
pub struct Decoder {
    maker: Maker,
    /// The beginning of a header whose end has not arrived.
    header: [u8; LONGEST],
    have: usize,
    /// The frame whose payload is arriving.
    frame: Option<Frame>,
    /// Whether the last frame of a message is to come.
    in_message: bool,
    control: ControlPayload,
    ping: Option<ControlPayload>,
    end: Option<End>,
}

/// How the bytes of a peer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With a close frame, and the code in it.
    Closed(Option<u16>),
    /// With what must not be.
    Violation(Violation),
}

/// The payload of a control frame.
#[derive(Debug, Clone, Copy)]
pub struct ControlPayload {
    bytes: [u8; MAX_CONTROL as usize],
    length: usize,
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    opcode: Opcode,
    /// Bytes that have not arrived.
    left: u64,
    /// The mask, turned so that it begins with the byte for the next one.
    mask: [u8; 4],
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// At the first byte that a client sends behind the handshake.
    #[must_use]
    pub const fn new() -> Self {
        Self::of(Maker::Client)
    }

    /// At the first byte that this peer sends behind the handshake.
    #[must_use]
    pub const fn of(maker: Maker) -> Self {
        Self {
            maker,
            header: [0; LONGEST],
            have: 0,
            frame: None,
            in_message: false,
            control: ControlPayload::EMPTY,
            ping: None,
            end: None,
        }
    }

    /// Takes the next bytes and leaves the payload of messages at their front;
    /// returns how much that is. What follows the end is ignored.
    pub fn decode(&mut self, bytes: &mut [u8]) -> usize {
        let (mut read, mut kept) = (0, 0);
        while self.end.is_none()
            && let Some(next) = bytes.get(read).copied()
        {
            let Some(mut frame) = self.frame.take() else {
                self.on_header_byte(next);
                read += 1;
                continue;
            };
            let count = frame.within(bytes.len() - read);
            bytes.copy_within(read..read + count, kept);
            read += count;
            let payload = bytes.get_mut(kept..kept + count).unwrap_or_default();
            frame.unmask(payload);
            if frame.opcode.is_control() {
                self.control.extend(payload);
            } else {
                kept += count;
            }
            self.go_on(frame);
        }
        kept
    }

    /// The last ping that came and was not taken yet: it asks for a pong with
    /// the same payload. Those before it need none (§5.5.3).
    pub fn take_ping(&mut self) -> Option<ControlPayload> {
        self.ping.take()
    }

    /// How the bytes ended, once they have.
    #[must_use]
    pub const fn end(&self) -> Option<End> {
        self.end
    }

    fn on_header_byte(&mut self, byte: u8) {
        if let Some(place) = self.header.get_mut(self.have) {
            *place = byte;
            self.have += 1;
        }
        let header = wire::header(self.header.get(..self.have).unwrap_or_default(), self.maker);
        match header.and_then(|header| header.map(|header| self.begin(header)).transpose()) {
            Ok(None) => {}
            Ok(Some(frame)) => {
                self.have = 0;
                self.go_on(frame);
            }
            Err(violation) => self.end = Some(End::Violation(violation)),
        }
    }

    /// Judges a header by what came before it.
    fn begin(&mut self, header: Header) -> Result<Frame, Violation> {
        match header.opcode {
            Opcode::Text => {
                return Err(Violation {
                    code: code::UNSUPPORTED,
                    what: "MQTT is sent in binary frames, not in text frames (MQTT-6.0.0-1)",
                });
            }
            Opcode::Binary if self.in_message => {
                return Err(Violation::protocol("a message begins inside another"));
            }
            Opcode::Continuation if !self.in_message => {
                return Err(Violation::protocol("a message goes on that has not begun"));
            }
            Opcode::Binary | Opcode::Continuation => self.in_message = !header.fin,
            Opcode::Close | Opcode::Ping | Opcode::Pong => self.control = ControlPayload::EMPTY,
        }
        Ok(Frame { opcode: header.opcode, left: header.length, mask: header.mask })
    }

    /// Waits for the rest of the frame, or does what the whole one asks for.
    fn go_on(&mut self, frame: Frame) {
        if frame.left > 0 {
            self.frame = Some(frame);
            return;
        }
        match frame.opcode {
            Opcode::Ping => self.ping = Some(self.control),
            Opcode::Close => {
                let code = wire::close_code(self.control.as_bytes());
                self.end = Some(code.map_or_else(End::Violation, End::Closed));
            }
            Opcode::Continuation | Opcode::Text | Opcode::Binary | Opcode::Pong => {}
        }
    }
}

impl Frame {
    /// How many of `available` bytes are payload of this frame.
    fn within(&self, available: usize) -> usize {
        usize::try_from(self.left).map_or(available, |left| left.min(available))
    }

    fn unmask(&mut self, payload: &mut [u8]) {
        wire::apply(&mut self.mask, payload);
        self.left -= payload.len() as u64;
    }
}

impl ControlPayload {
    const EMPTY: Self = Self { bytes: [0; MAX_CONTROL as usize], length: 0 };

    /// The payload, at most 125 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Appends what fits, which is all: its header said so.
    fn extend(&mut self, part: &[u8]) {
        let space = self.bytes.iter_mut().skip(self.length);
        self.length += space.zip(part).map(|(place, byte)| *place = *byte).count();
    }
}
