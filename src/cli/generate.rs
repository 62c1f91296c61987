//! `mqx generate`: its argument, and the completions and man pages as they
//! follow from the definition of the command line.
//!
//! Nothing here depends on the terminal, the date or the machine, so what it
//! makes can be committed and compared.

use super::commands;
use crate::error::{COMMAND_CODES, EXIT_CODES};
use crate::generate::{Config, GeneratedFile};
use clap::{Args, Command as Definition, ValueEnum as _};
use clap_complete::{Generator as _, Shell};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use std::path::{Path, PathBuf};

/// The folders that hold nothing but generated files.
pub const FOLDERS: [&str; 2] = ["completions", "man"];

/// The arguments of `mqx generate`.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// Write completions/ and man/ into this directory
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

impl GenerateArgs {
    /// Which files to write where.
    #[must_use]
    pub fn into_config(self) -> Config {
        Config { dir: self.dir, files: files() }
    }
}

/// Every generated file.
#[must_use]
pub fn files() -> Vec<GeneratedFile> {
    let mut root = visible().disable_help_subcommand(true);
    root.build();
    let mut files: Vec<_> = Shell::value_variants().iter().copied().map(completion).collect();
    add_pages(&root, &mut files);
    files
}

fn completion(shell: Shell) -> GeneratedFile {
    let mut content = Vec::new();
    let mut root = visible();
    clap_complete::generate(shell, &mut root, "mqx", &mut content);
    GeneratedFile { path: Path::new("completions").join(shell.file_name("mqx")), content }
}

/// The command line without the hidden subcommands, which the generators would
/// show. clap cannot take one away, so the root is put together again.
fn visible() -> Definition {
    let all = commands();
    let shown = all.get_subcommands().filter(|command| !command.is_hide_set());
    Definition::new("mqx")
        .version(env!("CARGO_PKG_VERSION"))
        .about(all.get_about().cloned().unwrap_or_default())
        .disable_help_flag(true)
        .disable_version_flag(true)
        .subcommand_required(true)
        .args(all.get_arguments())
        .subcommands(shown.cloned())
}

/// The page of `command` and of every command below it.
fn add_pages(command: &Definition, files: &mut Vec<GeneratedFile>) {
    let page =
        Man::new(command.clone()).source(concat!("mqx ", env!("CARGO_PKG_VERSION"))).manual("mqx");
    let mut page_text = Vec::new();
    page.render(&mut page_text).expect("memory takes every byte");
    // clap_mangen has a name of its own for what stands behind the options.
    let text = String::from_utf8_lossy(&page_text).replace(".SH EXTRA", ".SH NOTES");
    let content = (text + &exit_status()).into_bytes();
    files.push(GeneratedFile { path: Path::new("man").join(page.get_filename()), content });
    for subcommand in command.get_subcommands() {
        add_pages(subcommand, files);
    }
}

/// The last section of every page.
fn exit_status() -> String {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for (code, _, meaning) in EXIT_CODES {
        roff.control("TP", []);
        roff.text([bold(code.to_string())]);
        roff.text([roman(*meaning)]);
    }
    roff.control("PP", []);
    roff.text([roman(format!("{COMMAND_CODES}."))]);
    roff.to_roff()
}
