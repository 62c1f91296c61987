//! How a table of properties becomes a struct with a decoder and an encoder
//! that refuses what is given twice or in the wrong place.

use super::value::{PropertyValue, Value};
use crate::mqtt::Error;
use crate::mqtt::wire::Reader;

/// What a packet keeps of one property: nothing, one value or all values.
pub(super) trait Field<'a>: Default {
    /// Takes the value behind the identifier; `block` is the whole section.
    fn accept(&mut self, reader: &mut Reader<'a>, block: &'a [u8]) -> Result<(), Error>;
    /// Appends what is kept, each value behind `identifier`.
    fn write(&self, identifier: u8, out: &mut Vec<u8>) -> Result<(), Error>;
    /// Shows each value that is kept.
    fn show(&self, visit: &mut dyn FnMut(PropertyValue<'a>));
}

impl<'a, T: Value<'a>> Field<'a> for Option<T> {
    fn accept(&mut self, reader: &mut Reader<'a>, _: &'a [u8]) -> Result<(), Error> {
        if self.replace(T::read(reader)?).is_some() {
            return Err(Error::protocol("§2.2.2.2", "a property is given twice"));
        }
        Ok(())
    }

    #[inline]
    fn write(&self, identifier: u8, out: &mut Vec<u8>) -> Result<(), Error> {
        if let Some(value) = self {
            out.push(identifier);
            value.write(out)?;
        }
        Ok(())
    }

    fn show(&self, visit: &mut dyn FnMut(PropertyValue<'a>)) {
        if let Some(value) = self {
            visit(value.show());
        }
    }
}

pub(super) const NOT_ALLOWED: Error =
    Error::malformed("§2.2.2.2", "a property is unknown or not allowed in this packet");

/// Makes the set of one packet from rows of `field: type = IDENTIFIER`. A row
/// whose type is an `Option` may occur once, one of the repeated types often.
/// The names it uses are those that `sets.rs` imports.
macro_rules! property_set {
    ($(#[$meta:meta])* $set:ident { $($(#[$doc:meta])* $field:ident: $type:ty = $id:ident,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct $set<'a> {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl<'a> $set<'a> {
            /// Reads a section with its length in front.
            pub(in crate::mqtt) fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
                let block = reader.block()?;
                let mut set = Self::default();
                let mut rest = Reader::new(block);
                while !rest.is_empty() {
                    match rest.u8()? {
                        $(id::$id => set.$field.accept(&mut rest, block)?,)*
                        _ => return Err(NOT_ALLOWED),
                    }
                }
                Ok(set)
            }

            /// Appends the section with its length in front.
            pub(in crate::mqtt) fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
                let start = out.len();
                $(self.$field.write(id::$id, out)?;)*
                wire::insert_length(out, start, 0)
            }

            /// Calls `visit` with the name and the value of each property, in
            /// the order in which they are written.
            pub fn visit(&self, visit: &mut dyn FnMut(&'static str, PropertyValue<'a>)) {
                $(self.$field.show(&mut |value| visit(name(id::$id), value));)*
            }

            /// Whether no property is set.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                *self == Self::default()
            }
        }
    };
}

pub(super) use property_set;
