//! What may be typed behind `mqx sub`, and what becomes of it.

use super::*;
use crate::cli::{Command, parse_from};
use crate::look::Layout;
use crate::mqtt::{QoS, RetainHandling};
use crate::subscribe::Retained;

/// The config of `mqx sub` with these words, or what is wrong with them.
fn parse(words: &str) -> std::result::Result<Config, String> {
    let words = ["mqx", "sub"].into_iter().chain(words.split(' '));
    let cli = parse_from(words).map_err(|error| error.to_string())?;
    match cli.command {
        Command::Sub(args) => args.into_config().map_err(|error| {
            let error = anyhow::Error::from(error);
            let hint = crate::error::hint(&error).unwrap_or_default();
            format!("{} {hint}", crate::error::line(&error))
        }),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_option_reaches_the_config() {
    let config = parse("-t a/# -t +/b -T a/x -q 1 -C 5 -W 1.5 -E --no-local -F %t -N").unwrap();
    let topics: Vec<_> = config.subscriptions.iter().map(|wanted| wanted.filter.as_str()).collect();
    assert_eq!(topics, ["a/#", "+/b"]);
    assert_eq!(config.filter_out.len(), 1);
    let options = config.subscriptions[0].options;
    assert_eq!(options.qos, QoS::AtLeastOnce);
    assert!(options.no_local && config.exit_after_sub);
    assert_eq!(config.count, NonZeroU64::new(5));
    assert_eq!(config.timeout, Some(Duration::from_millis(1_500)));
    assert_eq!(config.look.layout, Layout::Format("%t".parse().unwrap()));
    assert!(!config.look.newline);
}

#[test]
fn a_few_messages_are_all_the_broker_is_let_send_at_once() {
    let window = |words| parse(words).unwrap().connect.session.receive_maximum;
    assert_eq!(window("-t a -C 3"), NonZeroU16::new(3));
    assert_eq!(window("-t a -C 20"), None);
    assert_eq!(window("-t a"), None);
    assert_eq!(window("-t a -M 7 -C 3"), NonZeroU16::new(7));
}

#[test]
fn the_layout_is_what_the_last_word_of_it_says() {
    let layout = |words| parse(words).unwrap().look.layout;
    assert_eq!(layout("-t a"), Layout::Payload);
    assert_eq!(layout("-t a -v"), Layout::TopicAndPayload);
    assert_eq!(layout("-t a -J -v"), Layout::Json);
    assert_eq!(layout("-t a -v -F %p"), Layout::Format("%p".parse().unwrap()));
}

#[test]
fn retained_messages_can_be_left_out_or_be_all() {
    let config = parse("-t a -R").unwrap();
    assert_eq!(config.retained, Retained::Never);
    assert_eq!(config.subscriptions[0].options.retain_handling, RetainHandling::DoNotSend);
    for (words, wanted) in [
        ("-t a", Retained::Too),
        ("-t a --retained-only", Retained::Only),
        ("-t a --remove-retained", Retained::Clear),
        ("-t a --remove-retained --retained-only", Retained::Clear),
    ] {
        assert_eq!(parse(words).unwrap().retained, wanted, "{words}");
    }
}

#[test]
fn retain_handling_has_names_and_the_numbers_of_other_tools() {
    for (value, wanted) in [
        ("always", RetainHandling::Send),
        ("0", RetainHandling::Send),
        ("new", RetainHandling::SendIfNew),
        ("1", RetainHandling::SendIfNew),
        ("never", RetainHandling::DoNotSend),
        ("2", RetainHandling::DoNotSend),
    ] {
        let config = parse(&format!("-t a --retain-handling {value}")).unwrap();
        assert_eq!(config.subscriptions[0].options.retain_handling, wanted, "{value}");
    }
}

#[test]
fn each_topic_can_have_its_own_quality_of_service() {
    let levels = |words| {
        let config = parse(words).unwrap();
        config.subscriptions.iter().map(|wanted| wanted.options.qos as u8).collect::<Vec<_>>()
    };
    assert_eq!(levels("-t a -t b"), [0, 0]);
    assert_eq!(levels("-t a -t b -q 1"), [1, 1]);
    assert_eq!(levels("-t a -q 2 -t b -q 0"), [2, 0]);
    assert_eq!(levels("-t a -t b -q 1,2"), [1, 2]);
}

#[test]
fn a_subscription_can_be_ended_without_making_one() {
    let config = parse("-U a/# -U b").unwrap();
    assert_eq!((config.subscriptions.len(), config.unsubscribe.len()), (0, 2));
}

#[test]
fn what_does_not_fit_together_is_refused_with_the_reason() {
    for (words, wanted) in [
        ("-v", "--topic"),
        ("-t a/#/b", "# must be the last level"),
        ("-t $share/g", "$share/{name}/{filter}"),
        ("-t a -C 0", "from 1 on"),
        ("-t a -W soon", "give seconds"),
        ("-t a -F %z", "%z is not a conversion"),
        ("-t a -F %p -J", "cannot be used with"),
        ("-t a -R --retained-only", "cannot be used with"),
        ("-t a --no-local -V 3.1.1", "--no-local"),
        ("-t a --retain-handling new -V 3.1.1", "--retain-handling"),
        ("-t a --retain-handling soon", "[possible values: always, new, never]"),
        ("-t a -R --remove-retained", "cannot be used with"),
        ("-t $share/g/a --no-local", "shared subscription"),
        ("-t a -q 1 -q 2", "-q has 2 levels for 1 topics"),
        ("-t a -q 3", "known are 0, 1 and 2"),
        ("-t a --idle-timeout x", "give seconds"),
        ("-t a --decode xml", "known are json, hex"),
        ("-t a --decode a/#/b=json", "# must be the last level"),
        ("-t a --decode protobuf", "--proto FILE"),
        ("-t a --decode avro", "--avro-schema FILE"),
        ("-t a --avro-schema /nowhere --decode avro", "cannot read /nowhere"),
        ("-t a --proto /nowhere.proto --decode protobuf", "--proto /nowhere.proto"),
        ("-t a --filter .a|", "--filter"),
        ("-t a --within 5s", "--expect"),
        ("-t a -M 0", "--max-inflight"),
        ("-t a --random-filter 101", "up to 100"),
        ("-t a --random-filter some", "up to 100"),
        ("-t a --unsubscribe-user-property a=b", "--unsubscribe"),
        ("-U a --unsubscribe-user-property a=b -V 3.1.1", "needs MQTT 5"),
        ("-t a --on-exec-failure ack", "--exec"),
        ("-t a --exec x --on-exec-failure cry", "invalid value"),
        ("-t a --exec x --on-exec-failure reject -V 3.1.1", "reject needs MQTT 5"),
        ("-t a --retry often", "forever"),
        ("-t a -F %{nothing}", "is not a name"),
        ("-U a/#/b", "# must be the last level"),
    ] {
        let error = parse(words).unwrap_err();
        assert!(error.contains(wanted), "{words}: {error}");
    }
}
