//! mosquitto's `-D COMMAND NAME VALUE`, which has an option of its own for each
//! name here: the words of the one become those of the other before they are read.

use std::ffi::{OsStr, OsString};

/// A property and the option that sets it.
struct Row {
    command: &'static str,
    name: &'static str,
    option: &'static str,
}

const fn row(command: &'static str, name: &'static str, option: &'static str) -> Row {
    Row { command, name, option }
}

const ROWS: &[Row] = &[
    row("connect", "authentication-method", "authentication-method"),
    row("connect", "authentication-data", "authentication-data"),
    row("connect", "maximum-packet-size", "maximum-packet-size"),
    row("connect", "receive-maximum", "receive-maximum"),
    row("connect", "request-problem-information", "request-problem-information"),
    row("connect", "request-response-information", "request-response-information"),
    row("connect", "session-expiry-interval", "session-expiry-interval"),
    row("connect", "topic-alias-maximum", "topic-alias-maximum"),
    row("connect", "user-property", "connect-user-property"),
    row("publish", "content-type", "content-type"),
    row("publish", "correlation-data", "correlation-data"),
    row("publish", "message-expiry-interval", "message-expiry-interval"),
    row("publish", "payload-format-indicator", "payload-format-indicator"),
    row("publish", "response-topic", "response-topic"),
    row("publish", "topic-alias", "topic-alias"),
    row("publish", "user-property", "user-property"),
    row("subscribe", "subscription-identifier", "subscription-identifier"),
    row("subscribe", "user-property", "user-property"),
    row("unsubscribe", "user-property", "unsubscribe-user-property"),
    row("disconnect", "reason-string", "disconnect-reason"),
    row("disconnect", "session-expiry-interval", "disconnect-session-expiry-interval"),
    row("disconnect", "user-property", "disconnect-user-property"),
    row("will", "content-type", "will-content-type"),
    row("will", "correlation-data", "will-correlation-data"),
    row("will", "message-expiry-interval", "will-message-expiry-interval"),
    row("will", "payload-format-indicator", "will-payload-format-indicator"),
    row("will", "response-topic", "will-response-topic"),
    row("will", "will-delay-interval", "will-delay-interval"),
    row("will", "user-property", "will-user-property"),
];

/// The name of the properties that have two values.
const USER_PROPERTY: &str = "user-property";

/// Stands between the two values: neither MQTT nor an argument of a program
/// can have it inside.
pub(super) const BETWEEN: char = '\0';

/// Says before a value that all of it is meant as it stands.
pub(super) const AS_TEXT: &str = "text:";

/// The words behind the name of a client, with every `-D` spelled as the option it
/// stands for. One that stands for none is left, and refused where it is read.
pub(super) fn spelled_out(words: &[OsString]) -> Vec<OsString> {
    let mut words = words.iter();
    let mut spelled = Vec::new();
    while let Some(word) = words.next() {
        match option(word, words.as_slice()) {
            Some((option, taken)) => {
                spelled.push(option);
                words.by_ref().take(taken).for_each(drop);
            }
            None => spelled.push(word.clone()),
        }
    }
    spelled
}

/// The option for `-D` with what follows it, and how many words that is.
fn option(word: &OsStr, rest: &[OsString]) -> Option<(OsString, usize)> {
    if word != "-D" && word != "--property" {
        return None;
    }
    let command = rest.first()?.to_str()?.to_ascii_lowercase();
    ROWS.iter().find(|row| row.command == command)?;
    known(&command, rest).or_else(|| Some(together(rest)))
}

/// The words of a `-D` that stands for no option as the one value they should
/// have been, for the error about it.
fn together(rest: &[OsString]) -> (OsString, usize) {
    let is_option = |word: &OsString| word.as_encoded_bytes().starts_with(b"-");
    let words: Vec<_> = rest.iter().take(3).take_while(|word| !is_option(word)).cloned().collect();
    let mut value = OsString::from("--property=");
    value.push(words.join(OsStr::new(" ")));
    (value, words.len())
}

fn known(command: &str, rest: &[OsString]) -> Option<(OsString, usize)> {
    let [_, name, value, more @ ..] = rest else {
        return None;
    };
    let name = name.to_str()?;
    let row = ROWS.iter().find(|row| row.command == command && row.name == name)?;
    let mut option = OsString::from(format!("--{}=", row.option));
    if name.ends_with("-data") {
        option.push(AS_TEXT);
    }
    option.push(value);
    if name != USER_PROPERTY {
        return Some((option, 3));
    }
    option.push(BETWEEN.to_string());
    option.push(more.first()?);
    Some((option, 4))
}

/// Why a `-D` with these words stands for no option.
pub(super) fn unknown(words: &str) -> String {
    let command = words.split(' ').next().unwrap_or_default();
    let lower = command.to_ascii_lowercase();
    let names: Vec<_> =
        ROWS.iter().filter(|row| row.command == lower).map(|row| row.name).collect();
    if names.is_empty() {
        let mut commands: Vec<_> = ROWS.iter().map(|row| row.command).collect();
        commands.dedup();
        return format!("it begins with {}", commands.join(", "));
    }
    format!("{lower} has {}; one value follows, and two a user-property", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(line: &str) -> String {
        let words: Vec<_> = line.split(' ').map(OsString::from).collect();
        spelled_out(&words).join(OsStr::new(" ")).into_string().unwrap()
    }

    #[test]
    fn every_property_of_mosquitto_becomes_its_option() {
        for (line, wanted) in [
            ("-D publish content-type a/b -n", "--content-type=a/b -n"),
            ("-D PUBLISH correlation-data hex:0", "--correlation-data=text:hex:0"),
            ("--property connect receive-maximum -5", "--receive-maximum=-5"),
            ("-D will user-property k v -n", "--will-user-property=k\0v -n"),
            ("-D connect user-property a=b c", "--connect-user-property=a=b\0c"),
        ] {
            assert_eq!(spelled(line), wanted);
        }
    }

    #[test]
    fn what_is_no_property_is_left_to_be_refused() {
        for (line, wanted) in [
            ("-m -D -n", "-m -D -n"),
            ("-D x y z", "-D x y z"),
            ("-D publish nothing x -n", "--property=publish nothing x -n"),
            ("-D publish content-type", "--property=publish content-type"),
            ("-D publish user-property k", "--property=publish user-property k"),
        ] {
            assert_eq!(spelled(line), wanted);
        }
        assert!(unknown("Publish").contains("publish has content-type, correlation-data"));
        let commands = "connect, publish, subscribe, unsubscribe, disconnect, will";
        assert!(unknown("x").ends_with(commands));
    }
}
