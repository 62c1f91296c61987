//! Profiles as a user has them: in a file, under a name, without their secrets.

use crate::support::program::{Ended, mqx, run};
use mqx::broker;
use std::fs;
use tempfile::TempDir;

/// Runs the program with its configuration in this folder.
fn told(folder: &TempDir, words: &[&str]) -> Ended {
    let mut command = mqx(words.iter().copied());
    command.env("XDG_CONFIG_HOME", folder.path()).env_remove("MQX_CONFIG");
    run(command)
}

#[test]
fn a_profile_is_added_shown_without_its_secrets_used_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let broker = broker::start(&broker::Config::on_port(0)).unwrap();
    let url = format!("mqtt://ann:hunter2@localhost:{}", broker.address().unwrap().port());
    let add = ["profile", "add", "lab", "-b", &url, "-P", "hunter3", "-V", "3.1.1", "-i", "me"];
    let added = told(&folder, &add);
    assert_eq!(added.code, Some(0), "{added:?}");
    assert!(added.err.contains("warning: the password stands in that file"), "{added:?}");
    let again = told(&folder, &add);
    assert_eq!(again.code, Some(2));
    assert!(again.err.contains("--replace"), "{again:?}");
    for words in [&["profile", "ls"][..], &["profile", "show", "lab"]] {
        let shown = told(&folder, words);
        assert!(shown.out.contains("mqtt://...@localhost"), "{shown:?}");
        assert!(!shown.out.contains("hunter") && shown.err.is_empty(), "{shown:?}");
    }
    let sent = told(&folder, &["pub", "-b", "lab", "-t", "a", "-m", "x", "-r", "-d"]);
    assert_eq!(sent.code, Some(0), "{sent:?}");
    for part in ["version=3.1.1 ", " client-id=me ", " username=ann "] {
        assert!(sent.err.contains(part), "{part}: {sent:?}");
    }
    assert!(!sent.err.contains("hunter"), "{sent:?}");
    assert_eq!(told(&folder, &["profile", "rm", "lab"]).code, Some(0));
    let gone = told(&folder, &["pub", "-b", "lab", "-t", "a", "-n"]);
    assert_eq!(gone.code, Some(2));
    assert!(gone.err.contains("there is no profile \"lab\""), "{gone:?}");
    broker.blocking_shutdown().unwrap();
}

#[test]
fn a_profile_made_of_mosquitto_s_option_file_is_as_good_as_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let broker = broker::start(&broker::Config::on_port(0)).unwrap();
    let file = folder.path().join("lab");
    let port = broker.address().unwrap().port();
    fs::write(&file, format!("# ours\n-p {port}\n-q 1\n")).unwrap();
    let file = file.to_str().unwrap();
    assert_eq!(told(&folder, &["profile", "import", file]).code, Some(0));
    let message = ["-t", "a", "-m", "x", "-r"];
    for place in [["-b", "lab"], ["-o", file]] {
        let sent = told(&folder, &[&["pub"], &place[..], &message].concat());
        assert_eq!(sent.code, Some(0), "{sent:?}");
        let read = told(&folder, &[&["sub"], &place[..], &["-t", "a", "-C", "1"]].concat());
        assert_eq!((read.code, &*read.out), (Some(0), "x\n"), "{read:?}");
    }
    broker.blocking_shutdown().unwrap();
}
