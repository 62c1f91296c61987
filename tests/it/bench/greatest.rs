//! `--find-max`: which load holds is what the objectives say, step by step.

use super::report::assert_valid;
use crate::support::program::{Ended, mqx, run};
use serde_json::Value;
use std::path::Path;

/// A search with these options at a broker of its own; each step takes 0.3 s.
fn search(words: &[&str]) -> Ended {
    let always = ["bench", "--embedded", "--find-max", "--step", "300ms", "--warmup", "1ms"];
    run(mqx(always.iter().chain(words).map(ToString::to_string)))
}

fn report(ended: &Ended) -> Value {
    serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{}", ended.err))
}

#[test]
fn the_load_doubles_until_an_objective_breaks_and_is_narrowed_down() {
    // In 0.3 s so many messages are due at 334 a second and not at 333.
    let ended = search(&["--rate", "100", "--assert", "published<=100", "--json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let report = report(&ended);
    assert_valid(&report);
    let knee = &report["find_max"];
    let steps = knee["steps"].as_array().unwrap();
    let amounts: Vec<_> = steps.iter().map(|step| step["amount"].as_f64().unwrap()).collect();
    assert_eq!(amounts[..4], [100.0, 200.0, 400.0, 300.0], "{report}");
    let (held, broken) = (knee["held"].as_f64().unwrap(), knee["broken"].as_f64().unwrap());
    assert!(held <= 333.0 && broken >= 334.0 && broken - held <= held * 0.05, "{knee}");
    let broke = steps[2]["broke"][0].as_str().unwrap();
    assert_eq!((broke, &steps[2]["holds"]), ("published<=100 (120)", &Value::Bool(false)));
    // The rest is the report of the greatest load that held.
    assert_eq!(report["load"]["rate"].as_f64(), Some(held));
    assert!(report["assertions"][0]["holds"].as_bool().unwrap());
    assert!(ended.err.contains("step 1: 100 messages/s hold"), "{}", ended.err);
}

#[test]
fn when_nothing_holds_the_search_fails_and_says_what_broke() {
    let ended = search(&["--rate", "4", "--assert", "published>=1000", "--json"]);
    assert_eq!(ended.code, Some(9), "{}", ended.err);
    let report = report(&ended);
    assert_valid(&report);
    assert!(report["find_max"].get("held").is_none(), "{report}");
    assert!(ended.err.contains("no load that was tried held; 1 messages/s broke"), "{}", ended.err);
}

#[test]
fn connections_are_what_there_is_more_of_where_nobody_publishes() {
    let folder = tempfile::tempdir().unwrap();
    let ends = ["csv", "md", "html", "xml"];
    let paths = ends.map(|end| folder.path().join("out").with_extension(end));
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let files = paths.each_ref().map(|file| format!("--report={}", path(file)));
    let mut words = vec!["conn", "-c", "4", "--assert", "connections<=10", "--json"];
    words.extend(files.iter().map(String::as_str));
    let ended = search(&words);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let knee = &report(&ended)["find_max"];
    assert_eq!((knee["amount"].as_str(), knee["held"].as_f64()), (Some("clients"), Some(10.0)));
    assert_eq!(knee["broken"].as_f64(), Some(11.0));
    let written = paths.map(|path| std::fs::read_to_string(path).unwrap());
    for (text, words) in written.iter().zip([
        "load,holds,published,received,p50_ns",
        "| clients | published/s |",
        "<h2>Greatest load</h2>",
        "the greatest load that held: 10 clients; 11 clients broke connections&lt;=10 (11)",
    ]) {
        assert!(text.contains(words), "{words} in {text}");
    }
}

#[test]
fn what_cannot_be_stepped_is_refused() {
    for (words, wanted) in [
        (&["--duration", "5"][..], "--step, not --duration"),
        (&["-L", "100"], "not a limit of messages"),
        (&["--keep-connected"], "--keep-connected contradict"),
    ] {
        let ended = search(words);
        assert_eq!(ended.code, Some(2), "{}", ended.err);
        assert!(ended.err.contains(wanted), "{}", ended.err);
    }
}
