//! What is in a folder after messages were stored in it.

use super::*;
use std::fs;
use std::os::unix::fs::symlink;
use tempfile::TempDir;

/// Stores messages, given as a topic and a payload.
fn store(dir: &Path, mode: OutMode, messages: &[(&str, &str)]) -> Result<()> {
    let out = OutDir { path: dir.to_owned(), mode };
    let mut files = Files::open(&out, true)?;
    messages.iter().try_for_each(|(topic, payload)| files.store(topic, payload.as_bytes()))
}

/// Every file below a folder with its content, as `path=content`, in order.
fn content(dir: &Path) -> Vec<String> {
    fn walk(dir: &Path, root: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                walk(&path, root, found);
            } else {
                let name = path.strip_prefix(root).unwrap().display();
                let text = fs::read_to_string(&path).unwrap_or_default();
                found.push(format!("{name}={text}"));
            }
        }
    }
    let mut found = Vec::new();
    walk(dir, dir, &mut found);
    found.sort();
    found
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn the_last_payload_of_a_topic_is_in_its_file() {
    let dir = folder();
    let messages = [("a/b", "1"), ("a/b", "22"), ("c", "3"), ("a/b", "")];
    store(dir.path(), OutMode::Overwrite, &messages).unwrap();
    assert_eq!(content(dir.path()), ["a/b=", "c=3"]);
}

#[test]
fn payloads_are_lines_when_they_are_added() {
    let dir = folder();
    store(dir.path(), OutMode::Append, &[("a/b", "1"), ("a/b", "2")]).unwrap();
    store(dir.path(), OutMode::Append, &[("a/b", "3")]).unwrap();
    assert_eq!(content(dir.path()), ["a/b=1\n2\n3\n"]);
}

#[test]
fn numbers_go_on_where_those_of_a_run_before_ended() {
    let dir = folder();
    store(dir.path(), OutMode::Number, &[("a/b", "1"), ("a/c", "x"), ("a/b", "2")]).unwrap();
    store(dir.path(), OutMode::Number, &[("a/b", "3"), ("b", "y")]).unwrap();
    let wanted = ["a/b.000001=1", "a/b.000002=2", "a/b.000003=3", "a/c.000001=x", "b.000001=y"];
    assert_eq!(content(dir.path()), wanted);
}

#[test]
fn a_number_that_another_has_taken_meanwhile_is_passed_over() {
    let dir = folder();
    let out = OutDir { path: dir.path().to_owned(), mode: OutMode::Number };
    let mut files = Files::open(&out, true).unwrap();
    files.store("a", b"1").unwrap();
    fs::write(dir.path().join("a.000002"), "theirs").unwrap();
    files.store("a", b"3").unwrap();
    assert_eq!(content(dir.path()), ["a.000001=1", "a.000002=theirs", "a.000003=3"]);
}

#[test]
fn a_topic_that_is_a_level_of_another_is_a_file_beside_the_folder() {
    for (first, second, wanted) in
        [("a", "a/b", ["a%/b=a/b", "a=a"]), ("a/b", "a", ["a%=a", "a/b=a/b"])]
    {
        for mode in [OutMode::Overwrite, OutMode::Append] {
            let dir = folder();
            let messages = [(first, first), (second, second), (first, first), (second, second)];
            store(dir.path(), mode, &messages).unwrap();
            let line = |line: &str| line.split('\n').next().unwrap().to_owned();
            let found: Vec<_> = content(dir.path()).iter().map(|found| line(found)).collect();
            assert_eq!(found, wanted, "{mode:?}");
        }
    }
}

#[test]
fn nothing_is_written_outside_of_the_folder() {
    let (dir, outside) = (folder(), folder());
    let out = dir.path().join("out");
    fs::create_dir(&out).unwrap();
    symlink(outside.path(), out.join("way")).unwrap();
    symlink(outside.path().join("file"), out.join("link")).unwrap();
    let topics = ["../up", "/etc/passwd", "way/x", "link", "..", "a/../../b", "."];
    for mode in OutMode::ALL {
        let messages = topics.map(|topic| (topic, "m"));
        store(&out, mode.1, &messages).unwrap();
    }
    assert_eq!(content(outside.path()), [""; 0]);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_file_that_cannot_be_written_is_named_with_the_reason_and_leaves_no_draft() {
    let dir = folder();
    fs::create_dir_all(dir.path().join("a/x")).unwrap();
    fs::create_dir_all(dir.path().join("a%/x")).unwrap();
    let error = store(dir.path(), OutMode::Overwrite, &[("a", "1")]).unwrap_err();
    assert_eq!(error.class(), crate::error::Class::File);
    assert!(error.to_string().contains(&format!("cannot write {}/a", dir.path().display())));
    assert_eq!(content(dir.path()), [""; 0]);
}

#[test]
fn what_a_killed_process_left_does_no_harm() {
    let dir = folder();
    fs::write(dir.path().join(format!(".mqx-{}", std::process::id())), "half").unwrap();
    store(dir.path(), OutMode::Overwrite, &[("a", "1")]).unwrap();
    assert_eq!(content(dir.path()), ["a=1"]);
}
