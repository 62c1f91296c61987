//! `completions/` and `man/` are what the definition of the command line makes
//! of them; `MQX_BLESS=1 cargo test` writes them anew.

use mqx::cli::generate::{FOLDERS, files};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

type Tree = BTreeMap<PathBuf, Vec<u8>>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn wanted() -> Tree {
    let files = files().into_iter();
    files.map(|file| (file.path, file.content)).collect()
}

fn committed() -> Tree {
    let entries = FOLDERS.iter().filter_map(|folder| fs::read_dir(root().join(folder)).ok());
    entries
        .flatten()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.strip_prefix(root()).unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect()
}

fn bless(wanted: &Tree, committed: &Tree) {
    for path in committed.keys().filter(|path| !wanted.contains_key(*path)) {
        fs::remove_file(root().join(path)).unwrap();
    }
    for (path, content) in wanted {
        let path = root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

#[test]
fn completions_and_man_pages_are_those_of_the_command_line() {
    let (wanted, committed) = (wanted(), committed());
    if std::env::var_os("MQX_BLESS").is_some() {
        return bless(&wanted, &committed);
    }
    let stale: Vec<_> = wanted
        .keys()
        .chain(committed.keys())
        .filter(|path| wanted.get(*path) != committed.get(*path))
        .collect();
    assert!(stale.is_empty(), "stale: {stale:?}; MQX_BLESS=1 cargo test writes them anew");
}

#[test]
fn every_command_has_a_page_with_its_exit_status() {
    for page in ["mqx", "mqx-pub", "mqx-sub", "mqx-bench", "mqx-certs-init", "mqx-broker"] {
        let path = PathBuf::from(format!("man/{page}.1"));
        let text = String::from_utf8(wanted()[&path].clone()).unwrap();
        assert!(text.contains(".SH \"EXIT STATUS\""), "{page}: {text}");
        assert!(text.contains("\\fB27\\fR"), "{page}: {text}");
    }
}

#[test]
fn the_hidden_command_is_nowhere() {
    for (path, content) in wanted() {
        let text = String::from_utf8(content).unwrap();
        assert!(!text.contains("generate"), "{}", path.display());
    }
}

#[test]
fn help_ends_with_the_exit_codes() {
    let help = mqx::cli::definition().render_help().to_string();
    let (_, table) = help.split_once("Exit codes:\n").unwrap();
    for ((code, _, meaning), line) in mqx::error::EXIT_CODES.iter().zip(table.lines()) {
        assert_eq!(line.trim(), format!("{code}  {meaning}"));
    }
}
