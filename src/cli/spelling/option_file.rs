//! An option file of mosquitto's clients: an option with its value on each line.

use crate::error::{Error, Result};
use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// The words in the file, as they would be typed.
///
/// # Errors
/// When it cannot be read.
pub(in super::super) fn read(path: &Path) -> Result<Vec<OsString>> {
    let bytes = fs::read(path).map_err(|cause| Error::file("read", path, cause))?;
    Ok(parse(&String::from_utf8_lossy(&bytes)))
}

/// The words of each line: the option, and what follows the first blank.
fn parse(text: &str) -> Vec<OsString> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let words = lines.flat_map(|line| match line.split_once([' ', '\t']) {
        Some((option, value)) => vec![option, value.trim_start()],
        None => vec![line],
    });
    words.map(OsString::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_option_and_all_that_follows_it() {
        let words = parse("# mine\n\n-h  h.example\n-d\n--will-payload a b c \r\n-P -x\n");
        assert_eq!(words, ["-h", "h.example", "-d", "--will-payload", "a b c", "-P", "-x"]);
    }
}
