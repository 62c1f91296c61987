//! `README.md` says what is true: its commands can be typed, its exit codes are
//! those of the code, and a fresh machine finds its two commands.

use crate::support::program::{mqx, run};
use clap::error::ErrorKind;
use mqx::cli::parse_from;
use mqx::error::{COMMAND_CODES, EXIT_CODES};
use std::io::Write as _;

const README: &str = include_str!("../../README.md");

/// The command lines of the code blocks: in a session those behind `$ `, with
/// the lines that a backslash continues.
fn command_lines() -> Vec<String> {
    let mut lines = Vec::new();
    for block in README.split("```").skip(1).step_by(2) {
        let (kind, body) = block.split_once('\n').unwrap();
        let body = body.replace("\\\n", " ");
        let prompt = if kind == "console" { "$ " } else { "" };
        let typed = body.lines().filter_map(|line| line.strip_prefix(prompt));
        lines.extend(typed.map(str::to_owned));
    }
    lines
}

/// The words behind each `mqx` in a command line, as the shell gives them on.
fn mqx_commands(line: &str) -> Vec<Vec<String>> {
    let mut commands: Vec<Vec<String>> = vec![Vec::new()];
    for word in shell_words(line) {
        match word.as_str() {
            "|" | "&" | "&&" => commands.push(Vec::new()),
            _ => commands.last_mut().unwrap().push(word),
        }
    }
    for command in &mut commands {
        if command.starts_with(&["cargo".into(), "run".into(), "--release".into(), "--".into()]) {
            command.splice(..4, ["mqx".to_owned()]);
        }
    }
    commands.retain(|command| command.first().is_some_and(|word| word == "mqx"));
    commands
}

/// The words of a line up to a comment or a redirection; what is quoted is
/// kept together.
fn shell_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut begun, mut quote) = (String::new(), false, None);
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '\'' | '"') => (quote, begun) = (Some(character), true),
            (None, ' ') => {
                if std::mem::take(&mut begun) {
                    words.push(std::mem::take(&mut word));
                }
            }
            (None, '#' | '<' | '>') if !begun => break,
            _ => {
                word.push(character);
                begun = true;
            }
        }
    }
    words.extend(begun.then_some(word));
    words
}

#[test]
fn every_command_can_be_typed() {
    let lines = command_lines();
    let commands: Vec<_> = lines.iter().flat_map(|line| mqx_commands(line)).collect();
    for name in ["broker", "sub", "pub", "bench", "certs"] {
        assert!(
            commands.iter().any(|command| command.get(1).is_some_and(|word| word == name)),
            "{name}"
        );
    }
    for command in commands {
        let asks = |error: &clap::Error| {
            matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion)
        };
        let fault = parse_from(&command).err().filter(|error| !asks(error));
        assert!(fault.is_none(), "{}: {}", command.join(" "), fault.unwrap());
    }
}

#[test]
fn every_file_in_the_readme_can_be_read() {
    let blocks = README.split("```").skip(1).step_by(2);
    let files: Vec<_> = blocks.filter_map(|block| block.strip_prefix("toml\n")).collect();
    assert!(!files.is_empty());
    for file in files {
        let mut config = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        config.write_all(file.as_bytes()).unwrap();
        let path = config.path().to_str().unwrap();
        let ended = run(mqx(["broker", "--check-config", "--config", path]));
        assert_eq!(ended.code, Some(0), "{file}\n{}", ended.err);
    }
}

#[test]
fn the_table_of_exit_codes_is_that_of_the_code() {
    let (_, section) = README.split_once("\n## Exit codes\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| ")).skip(1);
    let told: Vec<_> = rows.map(str::to_owned).collect();
    let true_rows = EXIT_CODES.iter().map(|(code, _, meaning)| format!("| {code} | {meaning} |"));
    assert_eq!(told, true_rows.collect::<Vec<_>>());
    assert!(section.replace('`', "").contains(COMMAND_CODES));
}

#[test]
fn a_fresh_machine_finds_how_to_run_it_and_how_to_test_it() {
    let lines = command_lines();
    for wanted in ["cargo run --release -- bench --embedded --duration 5", "tests/all.sh"] {
        assert!(lines.iter().any(|line| line == wanted), "{wanted}");
    }
}

#[test]
fn the_words_of_a_line_are_those_of_the_shell() {
    let line = "seq 3 | mqx pub -t 'a #' -l > out &";
    assert_eq!(mqx_commands(line), [["mqx", "pub", "-t", "a #", "-l"]]);
}
