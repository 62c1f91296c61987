//! The properties that may occur more than once. They are not collected but
//! found again in the section they came in, so decoding allocates nothing.

use super::identifier::{Kind, id, kind};
use super::set::Field;
use super::value::{PropertyValue, SubscriptionId, Value};
use crate::mqtt::Error;
use crate::mqtt::wire::{self, Reader};
use std::fmt;

/// Makes the type for all values of one property, in the order they were sent.
macro_rules! repeated {
    ($(#[$meta:meta])* $name:ident, $identifier:ident, $value:ty) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Default)]
        pub struct $name<'a> {
            /// A checked section, which may hold other properties too.
            block: &'a [u8],
        }

        impl<'a> $name<'a> {
            /// The values in order.
            pub fn iter(self) -> impl Iterator<Item = $value> {
                values(self.block, id::$identifier)
                    .filter_map(|value| <$value>::read(&mut Reader::new(value)).ok())
            }

            /// Whether there are none.
            #[must_use]
            pub fn is_empty(self) -> bool {
                self.iter().next().is_none()
            }
        }

        impl<'a> Field<'a> for $name<'a> {
            fn accept(&mut self, reader: &mut Reader<'a>, block: &'a [u8]) -> Result<(), Error> {
                <$value>::read(reader)?;
                self.block = block;
                Ok(())
            }

            #[inline]
            fn write(&self, identifier: u8, out: &mut Vec<u8>) -> Result<(), Error> {
                if self.block.is_empty() {
                    return Ok(());
                }
                for value in self.iter() {
                    out.push(identifier);
                    value.write(out)?;
                }
                Ok(())
            }

            fn show(&self, visit: &mut dyn FnMut(PropertyValue<'a>)) {
                self.iter().for_each(|value| visit(value.show()));
            }
        }

        impl PartialEq for $name<'_> {
            fn eq(&self, other: &Self) -> bool {
                self.iter().eq(other.iter())
            }
        }

        impl Eq for $name<'_> {}

        impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.iter()).finish()
            }
        }
    };
}

repeated! {
    /// User properties: name-value pairs in the order they were sent, repetitions
    /// included. Borrows the property section it was decoded from or the
    /// [`PropertyBuf`] it was built in.
    UserProperties, USER_PROPERTY, (&'a str, &'a str)
}

repeated! {
    /// Subscription identifiers in the order they were sent, borrowed as
    /// [`UserProperties`] are.
    SubscriptionIds, SUBSCRIPTION_IDENTIFIER, SubscriptionId
}

/// Encoded properties that may occur more than once, built up one by one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PropertyBuf {
    block: Vec<u8>,
}

impl PropertyBuf {
    /// Adds a user property.
    ///
    /// # Errors
    /// When the name or the value is longer than 65,535 bytes.
    pub fn push_user(&mut self, name: &str, value: &str) -> Result<(), Error> {
        self.block.push(id::USER_PROPERTY);
        (name, value).write(&mut self.block)
    }

    /// Adds a subscription identifier.
    pub fn push_subscription_id(&mut self, identifier: SubscriptionId) {
        self.block.push(id::SUBSCRIPTION_IDENTIFIER);
        let in_range = wire::put_varint(&mut self.block, identifier.value() as usize);
        debug_assert!(in_range.is_ok(), "the type keeps the number in range");
    }

    /// The user properties added so far.
    #[must_use]
    pub fn user_properties(&self) -> UserProperties<'_> {
        UserProperties { block: &self.block }
    }

    /// The subscription identifiers added so far.
    #[must_use]
    pub fn subscription_ids(&self) -> SubscriptionIds<'_> {
        SubscriptionIds { block: &self.block }
    }
}

/// The values of one identifier in a section that was checked before.
fn values(block: &[u8], wanted: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Reader::new(block);
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let identifier = rest.u8().ok()?;
            let value = skip(&mut rest, kind(identifier)?).ok()?;
            if identifier == wanted {
                return Some(value);
            }
        }
        None
    })
}

/// Steps over a value and returns its bytes.
fn skip<'a>(reader: &mut Reader<'a>, kind: Kind) -> Result<&'a [u8], Error> {
    let mut start = *reader;
    match kind {
        Kind::Byte => reader.u8().map(drop)?,
        Kind::TwoBytes => reader.u16().map(drop)?,
        Kind::FourBytes => reader.u32().map(drop)?,
        Kind::VariableByte => reader.varint().map(drop)?,
        Kind::String | Kind::Binary => reader.binary().map(drop)?,
        Kind::StringPair => reader.binary().and_then(|_| reader.binary()).map(drop)?,
    }
    start.take(start.len() - reader.len())
}
