//! A JSON object on one line, its members in the order they are put.

use serde::Serialize;

/// The members so far.
#[derive(Debug, Default)]
pub(super) struct Object(Vec<u8>);

impl Object {
    /// Whether nothing was put.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn key(&mut self, key: &str) {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        self.value(key);
        self.0.push(b':');
    }

    fn value(&mut self, value: &(impl Serialize + ?Sized)) {
        // Strings, numbers, booleans and lists of them always have a JSON
        // form, and a vector takes all bytes.
        let _ = serde_json::to_writer(&mut self.0, value);
    }

    /// Adds a member.
    pub(super) fn put(&mut self, key: &str, value: &(impl Serialize + ?Sized)) {
        self.key(key);
        self.value(value);
    }

    /// Adds a member whose value is JSON already. Line feeds can only stand
    /// between its tokens, where a blank does as well.
    pub(super) fn splice(&mut self, key: &str, json: &[u8]) {
        self.key(key);
        let on_one_line = |byte: &u8| match byte {
            b'\n' | b'\r' => b' ',
            other => *other,
        };
        self.0.extend(json.iter().map(on_one_line));
    }

    /// The object.
    pub(super) fn end(mut self) -> Vec<u8> {
        if self.0.is_empty() {
            self.0.push(b'{');
        }
        self.0.push(b'}');
        self.0
    }
}
