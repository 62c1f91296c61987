//! Every command that connects gives the same explanation of the same failure.

use super::scene::Scene;
use crate::support::program::{Ended, mqx, run};

/// What leads to a failure, the exit code, and a part of the explanation.
const FAILURES: &[(&str, i32, &str)] = &[
    ("-h nowhere.invalid", 3, "unknown host nowhere.invalid"),
    ("-h 127.0.0.1 -p {refused}", 3, "cannot connect to 127.0.0.1:{refused}"),
    ("-h 127.0.0.1 -p {tls}", 3, "127.0.0.1:{tls} did not accept the connection"),
    ("-h 127.0.0.1 -p {plain} --tls {ca}", 4, "the port does not seem to speak TLS"),
    (
        "-h 127.0.0.1 -p {tls} --tls {other}/ca.crt",
        4,
        "is not signed by a CA in {other}/ca.crt but by CN=mqx CA",
    ),
    ("-h 127.0.0.1 -p {tls} --tls", 4, "is not signed by a CA this system trusts but by CN=mqx CA"),
    ("-h 127.0.0.1 -p {foreign} --tls {far}/ca.crt", 4, "is for a.example, not for 127.0.0.1"),
    ("-h 127.0.0.1 -p {expired} --tls {old}/ca.crt", 4, "expired on 2020-02-03"),
    ("-h 127.0.0.1 -p {mutual} --tls {ca}", 4, "the server asks for a client certificate"),
    ("-h 127.0.0.1 -p {refusing} -u me -P no", 5, "0x86 Bad User Name or Password"),
    ("-b ws://127.0.0.1:{plain}/wrong", 3, "it answers 404 Not Found"),
    (
        "-h 127.0.0.1 --tls {dir}/ca.key",
        4,
        "ca.key should hold a certificate, but holds a private key",
    ),
    ("-h 127.0.0.1 --tls {missing}", 11, "cannot read {missing}"),
];

/// The commands that connect, with what each needs beside that.
const COMMANDS: &[&str] =
    &["pub -t a -n", "sub -t a", "rr -t a -m b", "bench -c 1 -n 1", "ping", "doctor", "test"];

fn ended(command: &str, way: &str) -> Ended {
    run(mqx(command.split(' ').chain(way.split(' '))))
}

#[test]
fn pub_sub_rr_bench_ping_test_and_doctor_explain_a_failure_alike() {
    let scene = Scene::set();
    for (way, code, words) in FAILURES {
        let (way, words) = (scene.fill(way), scene.fill(words));
        for command in COMMANDS {
            let ended = ended(command, &way);
            assert_eq!(ended.code, Some(*code), "{command} {way}: {}{}", ended.out, ended.err);
            // The doctor has a table on stdout, the others a line on stderr.
            let told = ended.out + &ended.err;
            assert!(told.contains(&words), "{command} {way}: {told} lacks {words}");
        }
    }
}
