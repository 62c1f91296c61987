use super::super::Task;
use crate::bench::Config;
use crate::bench::load::{Storm, Tempo, Wanted};
use crate::cli::bench::scenario::file;
use crate::cli::{Command, parse_from};
use crate::client::ConnectOptions;
use std::time::Duration;

fn config(line: &str) -> Config {
    let words = ["mqx", "bench", "run"].into_iter().chain(line.split_whitespace());
    let Command::Bench(args) = parse_from(words).unwrap().command else {
        panic!("another command was read");
    };
    match args.into_task().unwrap() {
        Task::Run { config, .. } => *config,
        other @ (Task::Merge(_) | Task::Compare(_) | Task::Show(_)) => panic!("{other:?}"),
    }
}

fn refusal(text: &str) -> String {
    let error = file::read(text, "s.toml", &ConnectOptions::default()).unwrap_err().into();
    let hint = crate::error::hint(&error).unwrap_or_default().to_owned();
    format!("{} ({hint})", crate::error::line(&error))
}

#[test]
fn the_device_has_two_channels_and_comes_back_for_ever() {
    let config = config("device -h broker -u ann");
    let scenario = &config.load;
    assert_eq!((scenario.name.as_str(), scenario.warmup), ("device", Duration::from_secs(2)));
    let device = &scenario.groups[0];
    let connect = device.connect.as_ref().unwrap();
    assert_eq!(connect.endpoint.to_string(), "broker:1883");
    assert_eq!(connect.session.username.as_deref(), Some("device-%i"));
    assert!(!connect.session.clean_start);
    assert_eq!(device.comeback.attempts, None);
    let [state, data] = device.streams.as_slice() else { panic!("{device:?}") };
    assert_eq!(state.tempo, Tempo::Every(Duration::from_secs(1)));
    assert_eq!((state.content.largest(), data.content.largest()), (65_536, 4_096));
    assert_eq!(data.buffer, Some(100_000));
    assert_eq!(scenario.groups[1].subscriptions.len(), 2);
}

#[test]
fn telemetry_has_stages_wills_and_a_shared_subscription() {
    let scenario = config("telemetry").load;
    let factors: Vec<_> = scenario.stages.iter().map(|stage| (stage.from, stage.to)).collect();
    assert_eq!(factors, [(0.1, 1.0), (1.0, 1.0), (2.0, 2.0), (1.0, 1.0)]);
    assert_eq!(scenario.stages[3].storm, Storm::Of(vec!["sensor".to_owned()]));
    let sensors = scenario.groups[0].connect.as_ref().unwrap();
    assert_eq!(sensors.session.will.as_ref().unwrap().0.topic(), "plant/status/%c");
    let archive = &scenario.groups[2].subscriptions[0];
    assert_eq!(archive.share.as_deref(), Some("archive"));
    assert!(matches!(archive.wanted, Wanted::Filter(_)));
}

#[test]
fn the_command_line_comes_before_the_file() {
    let scenario = config("device --duration 5 --warmup 0").load;
    assert_eq!(scenario.duration, Some(Duration::from_secs(5)));
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_the_nearest_name() {
    for (text, wanted) in [
        ("duration = 1\n", "s.toml: a scenario has a [[group]]"),
        (
            "[[group]]\n\nretri = 1\n",
            "s.toml:3: retri: there is no such option (a similar one is retry",
        ),
        ("[[group]]\n[[group.publish]]\nrate = 'x'\n", "s.toml:3: rate: invalid value 'x'"),
        ("[[group]]\n[[group.publish]]\ntopic = ['a', 'b']\n", "s.toml:2: a stream has one topic"),
        ("[[group]]\nanswers = true\n", "s.toml:1: a group that answers has"),
        ("[group]\nname = 'x'\n", "s.toml:1: a group is a table"),
        ("[[group]]\n[[stage]]\nfrom = 1\n", "the following required arguments"),
        ("[[group]]\npublish = 1\n", "s.toml:2: a publish is a table"),
        ("group = [{ retri = 1 }]\n", "s.toml:1: retri: there is no such option"),
    ] {
        let said = refusal(text);
        assert!(said.contains(wanted), "{text}: {said}");
    }
}
