//! The same for programs: `--json-errors`.

use super::scene::Scene;
use crate::support::program::{mqx, run};
use serde_json::Value;

/// A command line, its exit code, and the Reason Code that the broker has given.
type Row = (&'static str, i32, Option<u8>);

const FAILURES: &[Row] = &[
    ("--json-errors frob", 2, None),
    ("pub -t a/# -n --json-errors", 2, None),
    ("pub -t a -n -h 127.0.0.1 -p {refused} --json-errors", 3, None),
    ("pub -t a -n -h 127.0.0.1 -p {refusing} --json-errors", 5, Some(0x86)),
    ("sub -t a/b -h 127.0.0.1 -p {denying} --json-errors", 6, Some(0x87)),
    ("pub -t a -m x -q 1 -h 127.0.0.1 -p {rejecting} --json-errors", 7, Some(0x97)),
    ("pub -t a -f {missing} --json-errors", 11, None),
];

#[test]
fn a_failure_is_one_object_of_json_on_stderr() {
    let mut scene = Scene::set();
    scene.peer("rejecting", &[&[0x20, 3, 0, 0, 0], &[0x40, 3, 0, 1, 0x97]]);
    for (line, code, reason) in FAILURES {
        let ended = run(mqx(scene.fill(line).split(' ')));
        let said: Value = serde_json::from_str(&ended.err).expect(&ended.err);
        assert_eq!((ended.code, ended.out.as_str()), (Some(*code), ""), "{line}: {ended:?}");
        assert_eq!(said["code"], *code, "{line}: {said}");
        assert_eq!(said["reason_code"].as_u64(), reason.map(u64::from), "{line}: {said}");
        assert!(said["error"].is_string() && said.get("hint").is_some(), "{line}: {said}");
        assert_eq!(ended.err.lines().count(), 1, "{line}: {ended:?}");
    }
}

#[test]
fn what_looks_like_the_option_and_is_data_changes_nothing() {
    for line in ["pub -t a/# -n -- --json-errors", "mosquitto_pub -t a/# -m --json-errors"] {
        let ended = run(mqx(line.split(' ')));
        assert!(serde_json::from_str::<Value>(&ended.err).is_err(), "{line}: {ended:?}");
    }
}
