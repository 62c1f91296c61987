//! What MQTTX, `HiveMQ`'s and `NanoMQ`'s tools call the options of a client: names of
//! several letters behind one dash, and long names in other spellings.

use super::line::Options;

/// A word of another tool, the option it stands for, and the value it implies.
type Row = (&'static str, &'static str, Option<&'static str>);

const fn row(word: &'static str, option: &'static str) -> Row {
    (word, option, None)
}

const fn saying(word: &'static str, option: &'static str, value: &'static str) -> Row {
    (word, option, Some(value))
}

/// Nothing stands for it: mqx does so anyway.
const ALWAYS: &str = "";

const ROWS: &[Row] = &[
    row("-Cup", "connect-user-property"),
    row("-Wcd", "will-correlation-data"),
    row("-Wct", "will-content-type"),
    row("-Wd", "will-delay-interval"),
    row("-We", "will-message-expiry-interval"),
    row("-Wm", "will-payload"),
    saying("-Wpf", "will-payload-format-indicator", "true"),
    row("-Wq", "will-qos"),
    row("-Wr", "will-retain"),
    row("-Wrt", "will-response-topic"),
    row("-Wt", "will-topic"),
    row("-Wup", "will-user-property"),
    row("-ad", "authentication-data"),
    row("-am", "authentication-method"),
    row("-cd", "correlation-data"),
    row("-ct", "content-type"),
    row("-ip", "id-prefix"),
    row("-lm", "stdin-line"),
    row("-m:empty", "null-message"),
    row("-m:file", "file"),
    row("-nl", "no-local"),
    saying("-pf", "payload-format-indicator", "true"),
    row("-pw", "password"),
    row("-pw:env", "password-env"),
    row("-pw:file", "password-file"),
    row("-rap", "retain-as-published"),
    row("-rh", "retain-handling"),
    row("-rt", "response-topic"),
    row("-se", "session-expiry-interval"),
    row("-si", "subscription-identifier"),
    row("-ta", "topic-alias"),
    row("-up", "user-property"),
    row("-wh", "ws-header"),
    row("-ws", "ws"),
    row("-ws:path", "ws-path"),
    saying("--no-req-problem-info", "request-problem-information", "false"),
    saying("--no-reqProblemInfo", "request-problem-information", "false"),
    saying("--req-response-info", "request-response-information", "true"),
    saying("--reqResponseInfo", "request-response-information", "true"),
    row("--nodelay", ALWAYS),
    row("--tls-use-os-certs", "tls"),
];

/// What `word` is called here, if it is called otherwise; empty if mqx does so
/// without being told.
pub(super) fn name_here(options: Options<'_>, word: &str) -> Option<String> {
    let (name, value) = match word.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (word, None),
    };
    let is_here = |row: &&Row| row.1 == ALWAYS || options.long(row.1).is_some();
    let row = ROWS.iter().find(|row| row.0 == name).filter(is_here);
    let (option, implied) = match (row, name.strip_prefix("--")) {
        (Some((_, ALWAYS, _)), _) => return Some(String::new()),
        (Some((_, option, implied)), _) => (*option, *implied),
        (None, Some(long)) if options.long(long).is_none() => (options.alike(long)?, None),
        (None, _) => return None,
    };
    let value = value.or(implied).map(|value| format!("={value}"));
    Some(format!("--{option}{}", value.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::definition;

    fn here(command: &str, word: &str) -> Option<String> {
        let root = definition();
        name_here(Options::of(root.find_subcommand(command).unwrap(), &root), word)
    }

    #[test]
    fn a_name_of_another_tool_becomes_the_one_that_the_command_has() {
        for (word, name) in [
            ("-Wt", "--will-topic"),
            ("-up=k=v", "--user-property=k=v"),
            ("-pf", "--payload-format-indicator=true"),
            ("-m:empty", "--null-message"),
            ("--willTopic", "--will-topic"),
            ("--session_expiry_interval=5", "--session-expiry-interval=5"),
            ("--keepAlive", "--keepalive"),
            ("--nodelay", ""),
        ] {
            assert_eq!(here("pub", word).as_deref(), Some(name), "{word}");
        }
        for word in ["-t", "--topic", "--nothing-like-it", "-nl", "-", "", "text"] {
            assert_eq!(here("pub", word), None, "{word}");
        }
        assert_eq!(here("sub", "-nl").as_deref(), Some("--no-local"));
        assert_eq!(here("sub", "-rt"), None, "there is no --response-topic to subscribe with");
    }
}
