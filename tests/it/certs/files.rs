//! Which files are written, with which modes, and when none is.

use super::{assert_says, init, into, made, said};
use mqx::certs::Delivery;
use mqx::certs::init::Config;
use mqx::error::Class;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

const FILES: [&str; 6] =
    ["ca.crt", "ca.key", "server.crt", "server.key", "client.crt", "client.key"];

fn names_in(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The configuration that writes into `dir`, over what is there.
fn forced(dir: &Path) -> Config {
    let delivery = Delivery { force: true, ..into(dir).delivery };
    Config { delivery, ..into(dir) }
}

#[test]
fn six_files_and_an_index_are_written_and_only_the_owner_can_read_the_keys() {
    let dir = made();
    let mut names = FILES.to_vec();
    names.push("index.jsonl");
    names.sort_unstable();
    assert_eq!(names_in(dir.path()), names);
    for name in ["ca.key", "server.key", "client.key"] {
        let mode = fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn the_report_names_files_dates_and_the_commands_that_use_them() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("my certs");
    let report = init(&into(&dir)).unwrap();
    let dir = dir.display();
    for name in FILES {
        assert_says(&report, &[&format!("wrote {dir}/{name}")]);
    }
    assert_says(
        &report,
        &[
            "valid until 20",
            "for localhost, 127.0.0.1, ::1",
            &format!("\n  mqx broker --cert '{dir}/server.crt' --key '{dir}/server.key'\n"),
            &format!("\n  mqx sub --tls '{dir}/ca.crt' -t '#'\n"),
            &format!("--cafile '{dir}/ca.crt' --require-client-cert\n"),
            &format!("--cert '{dir}/client.crt' --key '{dir}/client.key' -t '#'\n"),
        ],
    );
}

#[test]
fn one_file_in_the_way_stops_everything_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let own = dir.path().join("client.key");
    fs::write(&own, "mine").unwrap();
    let error = init(&into(dir.path())).unwrap_err();
    assert_eq!(error.class(), Class::File);
    assert_says(&said(error), &["client.key exists, nothing was written", "--force", "--dir"]);
    assert_eq!(names_in(dir.path()), ["client.key"]);
    assert_eq!(fs::read_to_string(own).unwrap(), "mine");
}

#[test]
fn force_replaces_all_six_and_makes_a_readable_key_private_again() {
    let dir = made();
    let read = || FILES.map(|name| fs::read(dir.path().join(name)).unwrap());
    let key = dir.path().join("server.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let before = read();
    init(&forced(dir.path())).unwrap();
    assert!(before.iter().zip(read()).all(|(old, new)| *old != new));
    assert_eq!(fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_directory_in_place_of_a_file_stops_even_force_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("client.key")).unwrap();
    let error = init(&forced(dir.path())).unwrap_err();
    assert_says(&said(error), &["client.key is a directory"]);
    assert_eq!(names_in(dir.path()), ["client.key"]);
}

#[test]
fn a_missing_directory_is_made_and_an_impossible_one_is_named() {
    let parent = tempfile::tempdir().unwrap();
    init(&into(&parent.path().join("a/b"))).unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    let error = init(&into(&file)).unwrap_err();
    assert_eq!(error.class(), Class::File);
    assert_says(&said(error), &["cannot make the directory", "/file", "--dir"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_directory_that_takes_no_files_is_named() {
    // Not even root can make a file in /proc.
    let error = init(&into(Path::new("/proc"))).unwrap_err();
    assert_eq!(error.class(), Class::File);
    assert_says(&said(error), &["cannot write into /proc", "--dir DIR"]);
}
