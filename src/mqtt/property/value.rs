//! The values properties have: how each type is read, checked and written.
//!
//! A value never knows which property or packet it belongs to.

use crate::mqtt::wire::{self, Reader};
use crate::mqtt::{Error, MAX_REMAINING_LENGTH, ReasonCode};
use std::num::{NonZeroU16, NonZeroU32};

/// A value as it stands behind a property identifier.
pub(super) trait Value<'a>: Sized {
    /// Takes the value from the reader, and refuses one that is out of range.
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error>;
    /// Appends the value.
    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error>;
    /// The value as those see it who do not know the property.
    fn show(&self) -> PropertyValue<'a>;
}

/// The value of a property that is not looked at for what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PropertyValue<'a> {
    /// A number, or 0 and 1 for no and yes.
    Number(u32),
    /// Text.
    Text(&'a str),
    /// Any bytes.
    Binary(&'a [u8]),
    /// A name and its value.
    Pair(&'a str, &'a str),
}

/// A topic alias: never zero (MQTT-3.3.2-8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TopicAlias(pub NonZeroU16);

/// A subscription identifier: 1 to 268,435,455 (§3.8.2.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionId(NonZeroU32);

impl SubscriptionId {
    /// The smallest identifier.
    pub const MIN: Self = Self(NonZeroU32::MIN);

    /// The identifier with this number, if it is in range.
    #[must_use]
    pub fn new(value: u32) -> Option<Self> {
        let in_range = value as usize <= MAX_REMAINING_LENGTH;
        NonZeroU32::new(value).filter(|_| in_range).map(Self)
    }

    /// The number.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.0.get()
    }
}

impl<'a> Value<'a> for bool {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        match reader.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Error::protocol("§2.2.2.2", "a property is neither 0 nor 1")),
        }
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        out.push(u8::from(*self));
        Ok(())
    }

    fn show(&self) -> PropertyValue<'a> {
        PropertyValue::Number(u32::from(*self))
    }
}

impl<'a> Value<'a> for u16 {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.u16()
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        wire::put_u16(out, *self);
        Ok(())
    }

    fn show(&self) -> PropertyValue<'a> {
        PropertyValue::Number(u32::from(*self))
    }
}

impl<'a> Value<'a> for u32 {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.u32()
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        wire::put_u32(out, *self);
        Ok(())
    }

    fn show(&self) -> PropertyValue<'a> {
        PropertyValue::Number(*self)
    }
}

const ZERO: Error = Error::protocol("§3.1.2.11", "a property that must not be zero is zero");

impl<'a> Value<'a> for NonZeroU16 {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        Self::new(reader.u16()?).ok_or(ZERO)
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.get().write(out)
    }

    fn show(&self) -> PropertyValue<'a> {
        PropertyValue::Number(self.get().into())
    }
}

impl<'a> Value<'a> for NonZeroU32 {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        Self::new(reader.u32()?).ok_or(ZERO)
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.get().write(out)
    }

    fn show(&self) -> PropertyValue<'a> {
        PropertyValue::Number(self.get())
    }
}

impl<'a> Value<'a> for TopicAlias {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let zero = Error::protocol("MQTT-3.3.2-8", "the topic alias is zero");
        NonZeroU16::new(reader.u16()?)
            .map(Self)
            .ok_or(zero.with_reason(ReasonCode::TOPIC_ALIAS_INVALID))
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.0.write(out)
    }

    fn show(&self) -> PropertyValue<'a> {
        PropertyValue::Number(self.0.get().into())
    }
}

impl<'a> Value<'a> for SubscriptionId {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let zero = Error::protocol("§3.8.2.1.2", "a subscription identifier is zero");
        Self::new(reader.varint()?).ok_or(zero)
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        wire::put_varint(out, self.value() as usize)
    }

    fn show(&self) -> PropertyValue<'a> {
        PropertyValue::Number(self.value())
    }
}

impl<'a> Value<'a> for &'a str {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.string()
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        wire::put_binary(out, self.as_bytes())
    }

    fn show(&self) -> PropertyValue<'a> {
        PropertyValue::Text(self)
    }
}

impl<'a> Value<'a> for &'a [u8] {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.binary()
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        wire::put_binary(out, self)
    }

    fn show(&self) -> PropertyValue<'a> {
        PropertyValue::Binary(self)
    }
}

impl<'a> Value<'a> for (&'a str, &'a str) {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        Ok((reader.string()?, reader.string()?))
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.0.write(out)?;
        self.1.write(out)
    }

    fn show(&self) -> PropertyValue<'a> {
        PropertyValue::Pair(self.0, self.1)
    }
}
