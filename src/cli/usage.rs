//! What clap says of a wrong command line, said as every failure of mqx is: on
//! one line, with a hint.

use super::properties::BETWEEN;
use crate::error::Error;
use crate::output;
use clap::Command as Definition;
use std::ffi::OsString;

/// What begins the part of clap's text that the hint replaces.
const REST: [&str; 2] = ["Usage:", "For more information"];

/// How like another a name must be to be taken for it, from 0 to 1.
const LIKE: f64 = 0.8;

/// `text`, which clap printed, as the failure of the command line in `words`.
pub(super) fn explain(text: &str, words: &[OsString], definition: &Definition) -> Error {
    let (told, tips) = told(text);
    let help = format!("`{} --help` says what may be typed", command(words, definition));
    let hints: Vec<_> = tips.into_iter().chain([help]).collect();
    Error::usage(told).hint(hints.join("; "))
}

/// What `text`, which clap printed, says on one line, and its tips.
pub(super) fn told(text: &str) -> (String, Vec<String>) {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let told = lines.take_while(|line| !REST.iter().any(|rest| line.starts_with(rest)));
    let (tips, told): (Vec<_>, Vec<_>) = told.partition(|line| line.starts_with("tip: "));
    let tips = tips.iter().filter_map(|tip| tip.strip_prefix("tip: "));
    (joined(&told), tips.map(output::escape).collect())
}

/// The name among `known` that `name` was most likely meant to be, if any is
/// near enough.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let rated = known.into_iter().map(|known| (strsim::jaro_winkler(name, known), known));
    let best = rated.max_by(|one, other| one.0.total_cmp(&other.0));
    best.filter(|(likeness, _)| *likeness > LIKE).map(|(_, known)| known)
}

/// The lines as one; a list follows its colon.
fn joined(lines: &[&str]) -> String {
    let mut line = String::new();
    for part in lines {
        let part = part.strip_prefix("error: ").unwrap_or(part);
        let between = match line.chars().last() {
            None => "",
            Some(':') => " ",
            Some(_) if part.starts_with('[') => " ",
            Some(_) => ", ",
        };
        line += between;
        line += &output::escape(&part.replace(BETWEEN, " "));
    }
    line
}

/// The command that was meant, as in `mqx certs init`.
fn command(words: &[OsString], definition: &Definition) -> String {
    let mut path = definition.get_name().to_owned();
    let mut here = definition;
    for word in words.iter().skip(1) {
        if let Some(below) = here.find_subcommand(word) {
            path = format!("{path} {}", below.get_name());
            here = below;
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use crate::cli::{definition, read};
    use crate::error::{class, hint, line};

    /// The line and the hint for these words.
    fn said(words: &str) -> (String, String) {
        let words = words.split(' ').map(Into::into).collect::<Vec<_>>();
        let error = anyhow::Error::from(read(definition(), &words, |_| None).unwrap_err());
        assert_eq!(class(&error), crate::error::Class::Usage);
        (line(&error), hint(&error).unwrap().to_owned())
    }

    #[test]
    fn a_list_of_missing_options_is_one_line() {
        let (line, hint) = said("mqx broker passwd");
        let wanted = "the following required arguments were not provided: <FILE>, <USER>";
        assert_eq!(line, wanted);
        assert_eq!(hint, "`mqx broker passwd --help` says what may be typed");
    }

    #[test]
    fn where_the_dns_says_the_place_the_cure_of_another_is_named() {
        for place in ["-p 1884", "-b mqtt://h", "--unix s"] {
            for words in [format!("-S -h lan {place}"), format!("{place} -h lan -S")] {
                let (line, hint) = said(&format!("mqx pub -t a -n {words}"));
                assert!(line.contains("cannot be used with"), "{line}");
                if line.contains("--srv") {
                    assert!(hint.starts_with("the DNS says the hosts and ports"), "{hint}");
                }
            }
        }
    }

    #[test]
    fn a_tip_is_part_of_the_hint_and_the_command_is_named_whole() {
        let (line, hint) = said("mqx --color never certs init --hots x");
        assert_eq!(line, "unexpected argument '--hots' found");
        let wanted = "a similar argument exists: '--host'; `mqx certs init --help` says";
        assert!(hint.starts_with(wanted), "{hint}");
    }

    #[test]
    fn what_was_typed_cannot_break_the_line_or_reach_the_terminal() {
        let (line, _) = said("mqx pub -t a\n\x1b[31m/# -n");
        assert!(!line.contains(char::is_control), "{line:?}");
        assert!(line.contains("wildcard"), "{line}");
    }

    #[test]
    fn possible_values_stand_behind_the_wrong_one() {
        let (line, _) = said("mqx sub -t a --color pink");
        assert!(line.contains("'pink' for '--color <WHEN>' [possible values: auto,"), "{line}");
    }
}
