//! Everything a user can get wrong: one line that says what and where, a hint
//! with the cure, an exit code of its own, and nothing on stdout.

mod alike;
mod files;
mod json;
pub(crate) mod scene;

use crate::support::program::{mqx, run};
use scene::Scene;

/// A command line, its exit code, and the words that say what and how to help.
type Row = (&'static str, i32, &'static [&'static str]);

const USAGE: &[Row] = &[
    ("frob", 2, &["frob", "`mqx --help`"]),
    ("pub", 2, &["--topic", "--message", "`mqx pub --help`"]),
    ("pub -t a", 2, &["--message", "--file", "--null-message"]),
    ("pub -t a -n -m x", 2, &["--null-message", "cannot be used with", "--message"]),
    ("pub -t a -l -s", 2, &["--stdin-line", "cannot be used with"]),
    ("pub -t a/# -n", 2, &["a/#", "--topic", "wildcard"]),
    ("pub -t a/+/b -n", 2, &["a/+/b", "--topic", "wildcard"]),
    ("pub -t a -n -q 3", 2, &["'3'", "--qos", "0, 1 and 2"]),
    ("pub -t a -n -V 6", 2, &["'6'", "--mqtt-version", "3.1.1"]),
    ("pub -t a -n -p 70000", 2, &["70000", "--port", "65535"]),
    ("pub -t a -n -k 70000", 2, &["70000", "--keepalive"]),
    ("pub -t a -n --hots x", 2, &["--hots", "--host"]),
    ("pub -t a -n --engine x", 2, &["--engine", "native", "rumqttc"]),
    ("pub -t a -n --cert {ca}", 2, &["--key"]),
    ("pub -t a -n --key {ca}", 2, &["--cert"]),
    ("pub -t a -n --tls {ca} --cafile {ca}", 2, &["--tls", "cannot be used with", "--cafile"]),
    ("pub -t a -n -P x -V 3.1.1", 2, &["-P needs -u"]),
    ("pub -t a -n --engine rumqttc -V 3.1", 2, &["rumqttc", "-V"]),
    ("pub -t a -s", 2, &["stdin is empty", "-n"]),
    ("sub", 2, &["--topic", "`mqx sub --help`"]),
    ("sub -t a/#/b", 2, &["a/#/b", "--topic", "last level"]),
    ("sub -t a+/b", 2, &["a+/b", "--topic"]),
    ("sub -t $share/g", 2, &["$share/g", "--topic"]),
    ("sub -t a -T b/#/c", 2, &["b/#/c", "--filter-out"]),
    ("sub -t a -C 0", 2, &["--count", "from 1 on"]),
    ("sub -t a -W soon", 2, &["--timeout", "500ms"]),
    ("sub -t a -F %z", 2, &["%z", "--format"]),
    ("sub -t a -J -F %p", 2, &["--json", "cannot be used with", "--format"]),
    ("sub -t a -R --retained-only", 2, &["--no-retained", "--retained-only"]),
    ("sub -t a --out-mode append", 2, &["--out-dir"]),
    ("sub -t a --out-dir x --out-mode shelve", 2, &["'shelve'", "--out-mode", "overwrite, append"]),
    ("sub -t a --exec-jobs 2", 2, &["--exec"]),
    ("sub -t a --exec x --exec-jobs 0", 2, &["--exec-jobs", "from 1 to 1000"]),
    (
        "sub -t a -q 1 --exec x --engine rumqttc",
        2,
        &["rumqttc", "cannot leave messages unacknowledged", "--engine native"],
    ),
    ("sub -t a --out-dir {ca}", 11, &["{ca}"]),
    ("sub -t a --no-local -V 3.1.1", 2, &["--no-local", "MQTT 5", "-V"]),
    ("bench -s 8", 2, &["--size 8", "32"]),
    ("bench -s 1G", 2, &["--size", "too large"]),
    ("bench -s lots", 2, &["--size", "64KiB"]),
    ("bench -c 0", 2, &["--count 0"]),
    ("bench -L 0", 2, &["--limit 0"]),
    ("bench -F 0", 2, &["--inflight 0"]),
    ("bench --duration 0", 2, &["--duration 0"]),
    ("bench --rate 0", 2, &["--rate 0", "leave --rate out"]),
    ("bench --rate fast", 2, &["fast", "--rate"]),
    ("bench -t a/#", 2, &["--topic a/#", "wildcard"]),
    ("bench --embedded -p 1", 2, &["--embedded", "cannot be used with", "--port"]),
    ("bench --embedded --tls", 2, &["--embedded", "cannot be used with", "--tls"]),
    ("certs int", 2, &["int", "init", "`mqx certs --help`"]),
    ("certs init --days 0", 2, &["--days", "825"]),
    ("certs init --days 826", 2, &["--days", "825"]),
    ("certs init --host mqtt://a", 2, &["mqtt://a", "--host", "IP address"]),
    ("broker -h", 2, &["-h", "`mqx broker --help`"]),
    ("broker --cert {ca}", 2, &["--key"]),
    ("broker --key {ca}", 2, &["--cert"]),
    ("broker --tls-port 1", 2, &["--tls-port needs --cert"]),
    ("broker --require-client-cert", 2, &["--cafile"]),
    ("broker --bind localhost", 2, &["localhost", "--bind", "0.0.0.0"]),
    ("broker --workers 0", 2, &["--workers", "1"]),
    ("broker --port 65536", 2, &["65536", "--port"]),
];

const NO_CONNECTION: &[Row] = &[
    ("pub -t a -n -h nowhere.invalid", 3, &["unknown host nowhere.invalid", "spelling"]),
    ("pub -t a -n -h mqtt://localhost", 3, &["unknown host mqtt://localhost", "scheme"]),
    ("pub -t a -n -h 127.0.0.1 -p {refused}", 3, &["127.0.0.1:{refused}", "`mqx broker`"]),
    ("pub -t a -n -h 127.0.0.1 -p {tls} --connect-timeout 9", 3, &["127.0.0.1:{tls}", "--tls"]),
    ("sub -t a -h nowhere.invalid", 3, &["unknown host nowhere.invalid", "spelling"]),
    ("sub -t a -h 127.0.0.1 -p {refused}", 3, &["127.0.0.1:{refused}", "`mqx broker`"]),
    ("sub -t a -h 127.0.0.1 -p {refused} --tls {ca}", 3, &["{refused}", "`mqx broker --tls auto`"]),
    ("bench -h nowhere.invalid", 3, &["unknown host nowhere.invalid", "spelling"]),
    ("bench -h 127.0.0.1 -p {refused}", 3, &["{refused}", "`mqx broker`", "--embedded"]),
    ("bench -h 127.0.0.1 -p {tls}", 3, &["127.0.0.1:{tls}", "--tls"]),
];

const TLS: &[Row] = &[
    ("pub -t a -n -h 127.0.0.1 -p {tls} --tls", 4, &["127.0.0.1:{tls}", "--cafile CA"]),
    ("pub --tls -t a -n -h 127.0.0.1 -p {tls}", 4, &["127.0.0.1:{tls}", "--cafile CA"]),
    (
        "pub -t a -n -h 127.0.0.1 -p {tls} --tls {other}/ca.crt",
        4,
        &["{other}/ca.crt", "give the CA"],
    ),
    (
        "pub -t a -n -h 127.0.0.1 -p {expired} --tls {old}/ca.crt",
        4,
        &["expired on 2020-02-03", "clock"],
    ),
    (
        "pub -t a -n -h 127.0.0.1 -p {foreign} --tls {far}/ca.crt",
        4,
        &["a.example", "--host 127.0.0.1"],
    ),
    (
        "pub -t a -n -h 127.0.0.1 -p {plain} --tls {ca}",
        4,
        &["127.0.0.1:{plain}", "leave out --tls"],
    ),
    (
        "pub -t a -n -h 127.0.0.1 -p {mutual} --tls {ca}",
        4,
        &["asks for a client certificate", "--cert"],
    ),
    ("pub -t a -n --tls {text}", 4, &["{text}", "certificate"]),
    ("pub -t a -n --tls {dir}/ca.key", 4, &["{dir}/ca.key", "holds a private key"]),
    (
        "pub -t a -n --cert {dir}/client.crt --key {dir}/server.key",
        4,
        &["server.key", "client.crt"],
    ),
    ("sub -t a -h 127.0.0.1 -p {tls} --tls", 4, &["127.0.0.1:{tls}", "--cafile CA"]),
    (
        "sub -t a -h 127.0.0.1 -p {tls} --cafile {other}/ca.crt",
        4,
        &["{other}/ca.crt", "give the CA"],
    ),
    (
        "sub -t a -h 127.0.0.1 -p {expired} --tls {old}/ca.crt",
        4,
        &["expired on 2020-02-03", "clock"],
    ),
    (
        "sub -t a -h 127.0.0.1 -p {foreign} --tls {far}/ca.crt",
        4,
        &["a.example", "--host 127.0.0.1"],
    ),
    (
        "sub -t a -h 127.0.0.1 -p {mutual} --tls {ca}",
        4,
        &["asks for a client certificate", "--cert"],
    ),
    ("bench -h 127.0.0.1 -p {tls} --tls {other}/ca.crt", 4, &["{other}/ca.crt", "give the CA"]),
    ("bench -h 127.0.0.1 -p {expired} --tls {old}/ca.crt", 4, &["expired on 2020-02-03", "clock"]),
    ("bench -h 127.0.0.1 -p {mutual} --tls {ca}", 4, &["asks for a client certificate", "--cert"]),
    ("bench -h 127.0.0.1 -p {tls} --tls", 4, &["127.0.0.1:{tls}", "--cafile CA"]),
    ("broker --port 0 --cert {dir}/server.crt --key {other}/server.key", 4, &["made together"]),
    ("broker --port 0 --cert {text} --key {dir}/server.key", 4, &["{text}", "certificate"]),
    (
        "broker --port 0 --cert {dir}/server.crt --key {dir}/server.crt",
        4,
        &["should hold a private key"],
    ),
];

const REJECTED: &[Row] = &[
    ("pub -t a -n -h 127.0.0.1 -p {refusing}", 5, &["refused", "user name", "-u and -P"]),
    ("sub -t a -h 127.0.0.1 -p {refusing}", 5, &["refused", "user name", "-u and -P"]),
    ("bench -h 127.0.0.1 -p {refusing}", 5, &["refused", "user name", "-u and -P"]),
    ("sub -t a/b -h 127.0.0.1 -p {denying}", 6, &["a/b", "Not authorized", "-u, -P"]),
    ("bench -h 127.0.0.1 -p {denying} -t a/b", 6, &["a/b", "Not authorized"]),
    ("pub -t a -f {large}", 7, &["268,435,455", "pieces"]),
    ("pub -t a -m 0123456789012345678901234567890 -h 127.0.0.1 -p {small}", 7, &["limit of 32"]),
    ("pub -t a -f {text} -h 127.0.0.1 -p {small} -q 1", 7, &["limit of 32"]),
    ("bench -h 127.0.0.1 -p {small} --subscribers 0", 7, &["limit of 32"]),
    ("sub -t a -h 127.0.0.1 -p {plain} -W 10ms", 27, &["0.01 s", "--timeout"]),
];

const FILES: &[Row] = &[
    ("pub -t a -f {missing}", 11, &["cannot read {missing}", "spelling"]),
    ("pub -t a -f {dir}", 11, &["cannot read {dir}", "name a file"]),
    ("pub -t a -n --tls {missing}", 11, &["cannot read {missing}", "spelling"]),
    ("sub -t a --cafile {missing}", 11, &["cannot read {missing}", "spelling"]),
    ("sub -t a --cert {missing} --key {missing}", 11, &["cannot read {missing}", "spelling"]),
    ("bench --tls {missing}", 11, &["cannot read {missing}", "spelling"]),
    ("certs init --dir {dir}", 11, &["ca.crt exists, nothing was written", "--force"]),
    ("certs init --dir {text}", 11, &["{text}", "--dir DIR"]),
    ("broker --port 0 --cert {missing} --key {missing}", 11, &["cannot read {missing}"]),
    ("broker --check-config --acl-file {missing}", 11, &["cannot read {missing}", "spelling"]),
    ("broker -c {missing}", 11, &["cannot read {missing}", "spelling"]),
    ("broker --check-config -c {text}", 11, &["{text}:1: ", "no such option", ".toml"]),
];

const PORTS: &[Row] = &[
    ("broker --port {plain}", 12, &["127.0.0.1:{plain}", "in use", "--port 0"]),
    ("broker --port {plain} --bind 127.0.0.1", 12, &["127.0.0.1:{plain}", "--port 0"]),
    ("broker --port 0 --bind 192.0.2.1", 12, &["192.0.2.1:0", "no interface"]),
    (
        "broker --port 0 --cert {dir}/server.crt --key {dir}/server.key --tls-port {plain}",
        12,
        &["127.0.0.1:{plain}", "in use", "--tls-port 0"],
    ),
];

/// Runs every row and says all that is wrong with any.
fn check(rows: &[Row]) {
    let scene = Scene::set();
    let faults: Vec<_> = rows.iter().filter_map(|row| fault(row, &scene)).collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

fn fault((line, code, words): &Row, scene: &Scene) -> Option<String> {
    let ended = run(mqx(scene.fill(line).split(' ')));
    let mut lines = ended.err.lines();
    let is_error = lines.next().is_some_and(|line| line.starts_with("mqx: error: "));
    let is_hint = lines.next().is_none_or(|line| line.starts_with("hint: "));
    let says = words.iter().all(|words| ended.err.contains(&scene.fill(words)));
    let is_short = is_error && is_hint && lines.next().is_none();
    let good = ended.code == Some(*code) && is_short && says && ended.out.is_empty();
    (!good).then(|| format!("mqx {line} should exit with {code} and say {words:?}: {ended:?}"))
}

#[test]
fn a_wrong_command_line_is_said_on_one_line() {
    check(USAGE);
}

#[test]
fn a_host_or_port_that_cannot_be_reached_is_named() {
    check(NO_CONNECTION);
}

#[test]
fn bad_certificates_and_keys_are_named_with_their_cure() {
    check(TLS);
}

#[test]
fn what_a_broker_refuses_has_the_reason_and_an_exit_code_for_each_kind() {
    check(REJECTED);
}

#[test]
fn files_that_cannot_be_used_are_named() {
    check(FILES);
}

#[test]
fn ports_that_cannot_be_listened_on_are_named() {
    check(PORTS);
}
