//! The invariants of the documentation of `src/lib.rs`, by reading the sources.
//!
//! What is read is the code that is shipped: comments are left out, and the
//! tests a file ends with.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A source file under `src`.
struct Source {
    /// Its module: `broker::core::index`; empty for `lib.rs`, `main` for `main.rs`.
    module: String,
    /// Its code, without comments and tests.
    code: String,
}

/// Which modules of the first level each one may name. The longest prefix that
/// fits a module holds for it.
const MAY_USE: &[(&str, &[&str])] = &[
    ("mqtt", &["mqtt"]),
    ("secret", &["secret"]),
    ("session", &["session", "mqtt", "secret"]),
    ("error", &["error"]),
    ("signals", &["signals", "error"]),
    ("output", &["output", "error"]),
    ("prompt", &["prompt", "error", "secret", "signals"]),
    ("open_files", &["open_files", "error"]),
    ("scram", &["scram"]),
    ("text_or_base64", &["text_or_base64"]),
    ("toml_values", &["toml_values"]),
    ("encode", &["encode"]),
    ("exposition", &["exposition"]),
    ("template", &["template"]),
    ("payload", &["payload", "encode", "error", "mqtt", "template"]),
    ("record", &["record", "mqtt", "text_or_base64"]),
    ("records", &["records", "error", "mqtt"]),
    ("store", &["store", "error", "secret"]),
    ("command", &["command", "error", "mqtt", "payload", "record", "text_or_base64"]),
    ("decode", &["decode", "mqtt", "text_or_base64"]),
    ("describe", &["describe", "mqtt", "text_or_base64"]),
    ("look", &["look", "decode", "mqtt", "output", "record"]),
    ("net", &["net", "error", "output", "secret"]),
    ("client", &["client", "net", "session", "mqtt", "describe", "error", "output", "scram"]),
    ("publish", FEATURE),
    ("subscribe", FEATURE),
    ("request", FEATURE),
    ("bench", FEATURE),
    ("certs", FEATURE),
    ("doctor", FEATURE),
    ("probe", FEATURE),
    ("profile", FEATURE),
    ("generate", FEATURE),
    ("broker", FEATURE),
    ("broker::core", &["broker", "session", "mqtt"]),
    ("cli", EVERYTHING),
    ("main", EVERYTHING),
    ("", EVERYTHING),
];

/// What the features stand on; themselves are added where the table is read.
const FEATURE: &[&str] = &[
    "client",
    "command",
    "decode",
    "describe",
    "encode",
    "error",
    "exposition",
    "look",
    "mqtt",
    "net",
    "open_files",
    "output",
    "payload",
    "prompt",
    "record",
    "records",
    "scram",
    "secret",
    "session",
    "signals",
    "store",
    "template",
    "text_or_base64",
    "toml_values",
];

const EVERYTHING: &[&str] = &["*"];

/// Words that may stand in some modules only, or in all but some.
struct Rule {
    words: &'static [&'static str],
    place: Place,
    why: &'static str,
}

enum Place {
    /// Only in these modules and below them.
    Only(&'static [&'static str]),
    /// Not in these modules, nor below them.
    Never(&'static [&'static str]),
}

const RULES: &[Rule] = &[
    Rule {
        words: &["clap", "clap_complete", "clap_mangen"],
        place: Place::Only(&["cli"]),
        why: "only cli knows what may be typed",
    },
    Rule {
        words: &["redb"],
        place: Place::Only(&["broker::store", "publish::shelf"]),
        why: "the core records, and only the store knows where",
    },
    Rule {
        words: &["redis"],
        // The folders' `mod.rs` declare the modules of that name.
        place: Place::Only(&["store", "broker::store::redis", "=broker::store", "publish::shelf"]),
        why: "what is kept at a server is the business of one kind of store",
    },
    Rule {
        words: &["rumqttc"],
        // The folder's `mod.rs` declares the module of that name.
        place: Place::Only(&["client::engine::rumqttc", "=client::engine"]),
        why: "the rest of the code does not depend on which engine speaks",
    },
    Rule {
        words: &["print!", "println!", "io::stdout", "Stdout"],
        place: Place::Only(&["output"]),
        why: "only output writes to stdout",
    },
    Rule {
        words: &["process::exit", "ExitCode", "process::abort"],
        place: Place::Only(&["main"]),
        why: "only main ends the process",
    },
    Rule {
        words: &[".exit()"],
        place: Place::Only(&["cli"]),
        why: "only a usage error ends the process elsewhere, the way clap does",
    },
    Rule {
        words: &["from_be_bytes", "from_le_bytes"],
        place: Place::Only(&["mqtt::wire", "net::websocket::wire", "net::proxy_protocol"]),
        why: "integers are read from foreign bytes in one place of each format",
    },
    Rule {
        words: &[
            "tokio",
            "std::net",
            "std::fs",
            "Instant::now",
            "SystemTime::now",
            "log",
            "tracing",
            "std::io",
            "std::thread",
            "std::env",
        ],
        place: Place::Never(&["mqtt", "session", "broker::core"]),
        why: "time and bytes arrive as values",
    },
    Rule {
        words: &["todo!", "unimplemented!", "dbg!"],
        place: Place::Only(&[]),
        why: "what is not done is not committed",
    },
];

/// Lines of a file that is logic, its tests not counted.
const LONGEST_FILE: usize = 400;

/// Files that are tables and may be longer.
const TABLES: &[&str] = &[];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let built = ["target", "node_modules", ".venv", "corpus", "artifacts", "__pycache__"]
            .iter()
            .any(|name| path.ends_with(name));
        if path.is_dir() && !built {
            files_below(&path, found);
        } else if path.is_file() {
            found.push(path);
        }
    }
}

fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    files_below(&root().join("src"), &mut files);
    let sources: Vec<_> = files.iter().filter_map(|path| source(path)).collect();
    assert!(sources.len() > 50, "the sources are found");
    sources
}

/// The source in `path`; `None` for one that holds tests only.
fn source(path: &Path) -> Option<Source> {
    let module = path.strip_prefix(root().join("src")).unwrap().with_extension("");
    let module = module.to_str().unwrap().replace('/', "::");
    let module = module.trim_end_matches("::mod");
    let module = if module == "lib" { "" } else { module };
    let text = fs::read_to_string(path).unwrap();
    let tests = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    let code = text[..tests].lines().map(without_comment);
    (!module.ends_with("::tests"))
        .then(|| Source { module: module.to_owned(), code: code.collect::<Vec<_>>().join("\n") })
}

fn without_comment(line: &str) -> &str {
    match line.find("//") {
        // An address in a string is not a comment.
        Some(at) if !line[..at].ends_with(':') => &line[..at],
        _ => line,
    }
}

/// Whether `module` is `folder` or below it; a folder written `=folder` is
/// itself only.
fn is_in(module: &str, folder: &str) -> bool {
    if let Some(exactly) = folder.strip_prefix('=') {
        return module == exactly;
    }
    module == folder || module.strip_prefix(folder).is_some_and(|rest| rest.starts_with("::"))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Where `word` stands in `code` with nothing before or behind that makes it
/// another word.
fn finds<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let bytes = code.as_bytes();
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = at.checked_sub(1).map(|before| bytes[before]);
        let behind = bytes.get(at + word.len()).copied();
        let free = |byte: Option<u8>| !byte.is_some_and(is_word);
        let open = !word.as_bytes()[0].is_ascii_alphabetic();
        let closed = word.ends_with(['!', ')']);
        (open || free(before)) && (closed || free(behind))
    })
}

/// The modules of the first level that `source` names.
fn uses(source: &Source) -> BTreeSet<String> {
    let own: Vec<_> = source.module.split("::").filter(|part| !part.is_empty()).collect();
    let mut used = BTreeSet::new();
    for at in finds(&source.code, "crate") {
        if let Some(path) = source.code[at..].strip_prefix("crate::") {
            used.extend(first_names(path));
        }
    }
    for at in finds(&source.code, "super") {
        let mut path = &source.code[at..];
        let mut levels = 0;
        while let Some(rest) = path.strip_prefix("super::") {
            (path, levels) = (rest, levels + 1);
        }
        if levels >= own.len() && levels > 0 {
            used.extend(first_names(path));
        }
    }
    used
}

/// The first name of `path`, or of every path in its braces.
fn first_names(path: &str) -> Vec<String> {
    let name =
        |text: &str| text.bytes().take_while(|byte| is_word(*byte)).map(char::from).collect();
    let Some(group) = path.strip_prefix('{') else {
        return vec![name(path)];
    };
    let mut depth = 1;
    let mut names = Vec::new();
    let mut fresh = true;
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => fresh = true,
            _ if fresh && !character.is_whitespace() => {
                names.push(name(&group[at..]));
                fresh = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

/// Fails with every line of `faults` at once.
#[track_caller]
fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn a_module_uses_what_is_below_it_only() {
    let mut faults = Vec::new();
    for source in sources() {
        let own = source.module.split("::").next().unwrap();
        let row = MAY_USE
            .iter()
            .filter(|row| row.0.is_empty() == own.is_empty() && is_in(&source.module, row.0))
            .max_by_key(|row| row.0.len());
        let Some((_, allowed)) = row else {
            faults.push(format!("{}: has no row in MAY_USE", source.module));
            continue;
        };
        for used in uses(&source) {
            let fits = used == own || allowed.contains(&"*") || allowed.contains(&used.as_str());
            if !fits {
                faults.push(format!("{} uses {used}", source.module));
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn each_thing_is_named_only_where_it_belongs() {
    let mut faults = Vec::new();
    for source in sources() {
        for rule in RULES {
            let within =
                |folders: &[&str]| folders.iter().any(|folder| is_in(&source.module, folder));
            let forbidden = match rule.place {
                Place::Only(folders) => !within(folders),
                Place::Never(folders) => within(folders),
            };
            let named = rule.words.iter().filter(|word| finds(&source.code, word).next().is_some());
            for word in named.filter(|_| forbidden) {
                faults.push(format!("{} names {word}, but {}", source.module, rule.why));
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn logic_fits_into_files_that_can_be_read() {
    let long = sources().into_iter().filter_map(|source| {
        let lines = source.code.lines().count();
        let table = TABLES.contains(&source.module.as_str());
        (lines > LONGEST_FILE && !table).then(|| format!("{}: {lines} lines", source.module))
    });
    assert_none(&long.collect::<Vec<_>>());
}

#[test]
fn nothing_names_a_registry_or_a_path_of_one_machine() {
    // In pieces, so that this file does not hold what it forbids.
    let forbidden = [
        ["npm", "js.org"],
        ["pypi", ".org"],
        ["pythonhosted", ".org"],
        ["static.crates", ".io"],
        ["index.crates", ".io"],
        ["/home", "/"],
        ["/tmp/", "wt"],
        ["/work", "/"],
    ]
    .map(|pieces| pieces.concat());
    let mut files = vec![root().join("README.md"), root().join("Cargo.toml")];
    for folder in ["src", "tests", "completions", "man", ".ci"] {
        files_below(&root().join(folder), &mut files);
    }
    let mut faults = Vec::new();
    for path in files {
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        for word in forbidden.iter().filter(|word| text.contains(*word)) {
            faults.push(format!("{} names {word}", path.display()));
        }
    }
    assert_none(&faults);
}

#[test]
fn the_reader_of_sources_sees_what_it_is_to_see() {
    let source = Source {
        module: "client::engine::native".to_owned(),
        code: "use crate::{mqtt::{QoS, topic}, net as n};\nuse super::super::super::bench;\nuse super::Engine;"
            .to_owned(),
    };
    let seen: Vec<_> = uses(&source).into_iter().collect();
    assert_eq!(seen, ["bench", "mqtt", "net"]);
    let word = |code, word| finds(code, word).count();
    assert_eq!(word("eprintln!(); println!()", "println!"), 1);
    assert_eq!(word("use clap::Args; clap_more", "clap"), 1);
    assert_eq!(word("error.exit()", ".exit()"), 1);
    assert_eq!(without_comment("let a = 1; // tokio"), "let a = 1; ");
}
