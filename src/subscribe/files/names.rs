//! Topics as names of folders and files, so that every topic has a name, no
//! two have the same, none leads out of the folder, and each can be read back.
//!
//! A level is a name. In it a control character, a `%` and a leading `.` are
//! `%` with two hexadecimal digits for each byte of UTF-8; an empty level is
//! `%empty`. A level that is too long for a name goes on in the next: then the
//! name ends in `%+`. A name that something else has already, as when `a` and
//! `a/b` are topics, is taken with a `%` behind it.

use std::fmt::Write as _;

/// What stands behind a name that is taken in its plain form.
pub(super) const TAKEN: char = '%';

/// The name of an empty level.
const EMPTY: &str = "%empty";

/// What a name ends in that the next one continues.
const GOES_ON: &str = "%+";

/// The most bytes of a name, those of a number and of marks aside: file systems
/// take 255.
const LONGEST: usize = 230;

/// The names that lead to a topic's file, the last of which is the file's.
pub(super) fn names(topic: &str) -> Vec<String> {
    let mut names = Vec::new();
    for level in topic.split('/') {
        add_level(level, &mut names);
    }
    names
}

fn add_level(level: &str, names: &mut Vec<String>) {
    if level.is_empty() {
        names.push(EMPTY.to_owned());
        return;
    }
    let mut name = String::with_capacity(level.len());
    for character in level.chars() {
        let length = name.len();
        put(character, &mut name);
        if name.len() > LONGEST {
            name.truncate(length);
            name.push_str(GOES_ON);
            names.push(std::mem::take(&mut name));
            put(character, &mut name);
        }
    }
    names.push(name);
}

fn put(character: char, name: &mut String) {
    let is_leading_dot = character == '.' && name.is_empty();
    if !is_leading_dot && character != '%' && !character.is_control() {
        name.push(character);
        return;
    }
    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
        // A string takes all that is written to it.
        let _ = write!(name, "%{byte:02X}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The topic that these names stand for.
    fn topic(names: &[String]) -> String {
        let mut levels = vec![String::new()];
        for (place, name) in names.iter().enumerate() {
            let name = name.strip_suffix(TAKEN).unwrap_or(name);
            let part = name.strip_suffix(GOES_ON);
            let text = part.unwrap_or(name);
            let text = if text == EMPTY { "" } else { text };
            let text = percent_encoding::percent_decode_str(text).decode_utf8().unwrap();
            levels.last_mut().unwrap().push_str(&text);
            if part.is_none() && place + 1 < names.len() {
                levels.push(String::new());
            }
        }
        levels.join("/")
    }

    #[test]
    fn ordinary_levels_are_their_own_names() {
        assert_eq!(names("home/küche/temp 1.txt"), ["home", "küche", "temp 1.txt"]);
        assert_eq!(names("$SYS/a:b\\c"), ["$SYS", "a:b\\c"]);
    }

    #[test]
    fn what_a_file_system_reads_otherwise_is_written_otherwise() {
        assert_eq!(names("../.hidden/./a"), ["%2E.", "%2Ehidden", "%2E", "a"]);
        assert_eq!(names("/a//"), ["%empty", "a", "%empty", "%empty"]);
        assert_eq!(names("100%\0\u{1b}\u{9f}"), ["100%25%00%1B%C2%9F"]);
    }

    #[test]
    fn a_long_level_goes_on_in_further_names() {
        let names = names(&"é".repeat(300));
        assert_eq!(names.len(), 3);
        assert_eq!(names[0], format!("{}%+", "é".repeat(115)));
        assert_eq!(names[2], "é".repeat(70));
    }

    proptest! {
        #[test]
        fn every_topic_has_names_that_can_be_read_back(
            // Pieces that are hard, one after the other.
            pieces in prop::collection::vec(
                prop_oneof![
                    Just("/".to_owned()), Just(".".to_owned()), Just("%".to_owned()),
                    Just("%empty".to_owned()), Just("%+".to_owned()), Just("\0".to_owned()),
                    "\\PC{1,5}", "[.]{230,240}", "[x%]{400}",
                ],
                1..8,
            ),
            taken: bool,
        ) {
            let said = pieces.concat();
            let mut names = names(&said);
            for name in &mut names {
                prop_assert!(!name.is_empty() && !name.starts_with('.') && name.len() <= 232);
                prop_assert!(!name.contains(['/', '\0']) && !name.ends_with(TAKEN));
                name.extend(taken.then_some(TAKEN));
            }
            prop_assert_eq!(topic(&names), said);
        }
    }
}
