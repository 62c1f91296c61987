//! What may be typed behind `mqx rr`, and what becomes of it.

use super::*;
use crate::cli::{Command, parse_from};
use crate::client::Retry;
use crate::request::ask::{Accept, Payload};

/// The task of `mqx rr` with these words, or what is wrong with them.
fn parse(words: &str) -> std::result::Result<Task, String> {
    let words = ["mqx", "rr"].into_iter().chain(words.split(' '));
    let cli = parse_from(words).map_err(|error| error.to_string())?;
    match cli.command {
        Command::Rr(args) => args.into_task().map_err(|error| {
            let error = anyhow::Error::from(error);
            let hint = crate::error::hint(&error).unwrap_or_default();
            format!("{} {hint}", crate::error::line(&error))
        }),
        other => panic!("{other:?}"),
    }
}

fn asked(words: &str) -> request::ask::Config {
    match parse(words).unwrap() {
        Task::Ask(config) => *config,
        Task::Serve(config) => panic!("{config:?}"),
    }
}

fn served(words: &str) -> request::serve::Config {
    match parse(words).unwrap() {
        Task::Serve(config) => *config,
        Task::Ask(config) => panic!("{config:?}"),
    }
}

#[test]
fn a_request_asks_the_broker_where_replies_may_come_unless_that_is_said() {
    let config = asked("-t a -m x");
    assert_eq!(config.payload, Payload::Known(b"x".to_vec()));
    assert_eq!(config.connect.session.request_response_information, Some(true));
    assert!(!config.connect.fall_back && config.reply_to.is_none());
    let config = asked("-t a -n -e r/1 -C 3 -W 2 --any-reply -R");
    assert_eq!(config.connect.session.request_response_information, None);
    assert!(config.connect.fall_back);
    assert_eq!((config.count.get(), config.timeout), (3, Some(Duration::from_secs(2))));
    assert_eq!(config.accept, Accept::Any { retained: false });
}

#[test]
fn lines_can_be_requests_and_replies_be_decoded() {
    let config = asked("-t a -l -C 2 --decode auto --retry forever");
    assert_eq!((config.payload, config.count.get()), (Payload::Lines, 2));
    assert!(!config.decoder.is_idle());
    assert_eq!(config.retries, Retries { first: Retry::Forever, again: Retry::Forever });
    assert_eq!(served("--serve a --reply x --retry 3").retries.first, Retry::Times(3));
}

#[test]
fn before_version_5_a_filter_says_where_replies_come() {
    let config = asked("-V 3.1.1 -t a -s -e r/+");
    assert_eq!(config.reply_to.unwrap().as_str(), "r/+");
    assert_eq!(config.payload, Payload::Stdin);
}

#[test]
fn whoever_answers_takes_filters_and_a_text() {
    let config = served("--serve a/# --serve b --reply %p -q 1 -C 2 -e r");
    assert_eq!((config.filters.len(), config.qos), (2, QoS::AtLeastOnce));
    assert_eq!(config.reply_to.unwrap().as_str(), "r");
    assert_eq!(config.count, NonZeroU64::new(2));
}

#[test]
fn what_does_not_fit_together_is_refused_with_the_reason() {
    for (words, wanted) in [
        ("-m x", "--topic"),
        ("-t a", "nothing is given to publish"),
        ("-t a -m x -n", "cannot be used with"),
        ("-t a -m x -e r/#", "names no single topic"),
        ("-t a -m x -V 3.1.1", "-e"),
        ("-t a -m x -R", "--any-reply"),
        ("-t a -m x --fail-if-no-subscriber", "-q 1"),
        ("-t a -m x -q 1 --fail-if-no-subscriber -V 3.1.1", "MQTT 5"),
        ("-t a -m x -e r -V 3.1.1 --correlation-data c", "--correlation-data needs MQTT 5"),
        ("-t a -m x -C 0", "from 1 on"),
        ("-t a -m x --reply y", "--serve"),
        ("-t a -m x -l", "cannot be used with"),
        ("--serve a --reply x -l", "cannot be used with"),
        ("--serve a --reply x --decode json", "cannot be used with"),
        ("--serve a --reply x --encode hex", "cannot be used with"),
        ("--serve a --reply x --pretty", "cannot be used with"),
        ("--serve a --reply x -N", "cannot be used with"),
        ("-t a -m x --decode avro", "--avro-schema"),
        ("-t a -m x --retry often", "forever"),
        ("--serve a", "--reply or --exec"),
        ("--serve a --reply x --exec y", "cannot be used with"),
        ("--serve a --reply x --exec-jobs 2", "cannot be used with"),
        ("-t a -m x --exec y", "--serve"),
        ("--serve a --reply %z", "%z is not a conversion"),
        ("--serve a --reply {{x}}", "is not known"),
        ("--serve a -m x --reply y", "cannot be used with"),
        ("--serve a --reply y -e r/+", "names no single topic"),
    ] {
        let error = parse(words).map(|_| ()).unwrap_err();
        assert!(error.contains(wanted), "{words}: {error}");
    }
}
