//! What a file or a variable says of an option, as the words of a command line.

use clap::builder::{BoolishValueParser, TypedValueParser as _};
use clap::{Arg, Command};
use std::ffi::{OsStr, OsString};

/// The option that a variable behind its prefix stands for: `MAX_QOS` is `max-qos`.
pub(super) fn option_named(variable: &str) -> String {
    variable.to_ascii_lowercase().replace('_', "-")
}

/// An option with these values as words; of a switch they say whether it is on.
///
/// # Errors
/// In words, when they are no values of it.
pub(super) fn words(arg: &Arg, values: &[OsString]) -> Result<Vec<OsString>, &'static str> {
    let option = format!("--{}", arg.get_long().unwrap_or_default());
    let takes_value = arg.get_action().takes_values();
    let may_stand_alone = arg.get_num_args().is_some_and(|range| range.min_values() == 0);
    let switch = match values {
        [value] if !takes_value || may_stand_alone => is_on(value),
        _ => None,
    };
    match (switch, values) {
        (Some(on), _) => Ok(on.then(|| option.into()).into_iter().collect()),
        (None, values) if takes_value => {
            Ok(values.iter().map(|value| with_value(&option, value)).collect())
        }
        (None, [_]) => Err("this is on or off: true or false"),
        (None, _) => Err("this is on or off, not a list"),
    }
}

fn with_value(option: &str, value: &OsStr) -> OsString {
    let mut word = OsString::from(format!("{option}="));
    word.push(value);
    word
}

/// Whether a switch is on; `None` is no answer to that.
fn is_on(value: &OsStr) -> Option<bool> {
    BoolishValueParser::new().parse_ref(&Command::new("mqx"), None, value).ok()
}
