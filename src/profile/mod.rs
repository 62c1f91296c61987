//! `mqx profile`: names for sets of options, so that `-b NAME` stands for a broker
//! with all that it takes to reach it.

mod file;

pub use file::{Profiles, Setting};

use crate::error::{Error, Result};
use crate::net::url;
use crate::output::{self, Sink, escape};
use std::path::PathBuf;

/// What is to be done with which file.
#[derive(Debug)]
pub struct Config {
    /// The file with the profiles.
    pub path: PathBuf,
    /// What is to be done.
    pub action: Action,
}

/// What is to be done.
#[derive(Debug)]
pub enum Action {
    /// To name the profiles.
    List,
    /// To show what one says.
    Show(String),
    /// To add profiles; only those that are new, unless they may be replaced.
    Add {
        /// Their names and what they say.
        profiles: Vec<(String, Vec<Setting>)>,
        /// Whether one of the same name gives way.
        replace: bool,
    },
    /// To remove one.
    Remove(String),
}

/// The options whose values are not shown.
const SECRETS: &[&str] = &["password", "key-password", "authentication-data", "ws-header"];

/// The options whose values may hold a password as URLs do.
const URLS: &[&str] = &["broker", "proxy"];

/// What stands for a value that is not shown.
const HIDDEN: &str = "***";

/// Does it.
///
/// # Errors
/// When the file cannot be read or written, or there is no such profile.
pub fn run(config: &Config, out: &mut Sink) -> Result<()> {
    let mut profiles = Profiles::read(&config.path)?;
    match &config.action {
        Action::List => list(&profiles, out),
        Action::Show(name) => show(&profiles.get(name)?, out),
        Action::Remove(name) => {
            profiles.remove(name)?;
            profiles.write()
        }
        Action::Add { profiles: new, replace } => add(&mut profiles, new, *replace),
    }
}

fn list(profiles: &Profiles, out: &mut Sink) -> Result<()> {
    for name in profiles.names() {
        let settings = profiles.get(name)?;
        let says = |option| settings.iter().find(|setting| setting.option == option);
        let place = says("broker").or(says("host")).or(says("unix")).map(shown).unwrap_or_default();
        output::check(writeln!(out, "{}\t{}", escape(name), place.join(" ")))?;
    }
    output::check(out.flush())
}

fn show(settings: &[Setting], out: &mut Sink) -> Result<()> {
    for setting in settings {
        for value in shown(setting) {
            output::check(writeln!(out, "{} = {value}", escape(&setting.option)))?;
        }
    }
    output::check(out.flush())
}

/// The values of a setting as they may be shown.
fn shown(setting: &Setting) -> Vec<String> {
    let option = setting.option.as_str();
    let values = setting.values.iter();
    let value = |value: &String| match option {
        secret if SECRETS.contains(&secret) => HIDDEN.to_owned(),
        place if URLS.contains(&place) => escape(&url::without_user(value)),
        _ => escape(value),
    };
    values.map(value).collect()
}

fn add(profiles: &mut Profiles, new: &[(String, Vec<Setting>)], replace: bool) -> Result<()> {
    let known = new.iter().find(|(name, _)| profiles.names().any(|known| known == name));
    if let Some((name, _)) = known.filter(|_| !replace) {
        return Err(Error::usage(format!("there is a profile {name:?} already"))
            .hint("--replace puts the new one in its place"));
    }
    for (name, settings) in new {
        profiles.set(name, settings);
    }
    profiles.write()?;
    for (name, settings) in new {
        output::note(format!("{} is in {}", escape(name), profiles.path().display()));
        if settings.iter().any(|setting| setting.option == "password") {
            output::warn("the password stands in that file; --password-command keeps it elsewhere");
        }
    }
    Ok(())
}
