//! What `%` stands for in a client identifier.

use crate::error::{Error, Result};
use std::hash::{BuildHasher as _, RandomState};

/// A letter behind `%` and what stands for it.
type Row = (char, fn(&str) -> String);

/// The letters; each is given the name of the user.
const ROWS: &[Row] = &[
    ('h', |_| rustix::system::uname().nodename().to_string_lossy().into_owned()),
    ('p', |_| std::process::id().to_string()),
    ('r', |_| format!("{:08x}", RandomState::new().hash_one(()) & 0xffff_ffff)),
    ('u', str::to_owned),
    ('%', |_| "%".to_owned()),
];

/// `text` with its templates filled in, for this user.
///
/// # Errors
/// When something else follows a `%`.
pub(super) fn fill(text: &str, user: &str) -> Result<String> {
    let mut filled = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            filled.push(letter);
            continue;
        }
        let letter = letters.next();
        let row = ROWS.iter().find(|(known, _)| Some(*known) == letter);
        let (_, value) = row.ok_or_else(|| unknown(letter))?;
        filled += &value(user);
    }
    Ok(filled)
}

fn unknown(letter: Option<char>) -> Error {
    let what = letter.map_or("%".to_owned(), |letter| format!("%{}", letter.escape_debug()));
    Error::usage(format!("{what} stands for nothing in a client identifier"))
        .hint("%h is this machine, %p the process, %r random, %u the user, and %% is %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_letter_stands_for_what_the_hint_says() {
        let filled = |text| fill(text, "ann").unwrap();
        assert_eq!(filled("dev-%u-100%%"), "dev-ann-100%");
        assert_eq!(filled("%p"), std::process::id().to_string());
        assert_eq!(filled("%r").len(), 8);
        assert_ne!(filled("%r"), filled("%r"));
        assert!(!filled("%h").is_empty());
        for text in ["%", "%x", "50%\u{1b}"] {
            let error = fill(text, "").unwrap_err().to_string();
            assert!(!error.contains('\u{1b}') && error.contains("stands for nothing"), "{error}");
        }
    }
}
