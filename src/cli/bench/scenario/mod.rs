//! `mqx bench run`: a scenario from a TOML file, whose keys are the options of
//! the modes without their dashes.

mod file;
mod tables;

use super::clients;
use super::output::OutputArgs;
use super::span::SpanArgs;
use crate::bench::Config;
use crate::bench::load::Scenario;
use crate::cli::connection::{ConnectionArgs, Target};
use crate::error::{Error, Result};
use clap::Args;
use std::fs;
use std::path::Path;

/// Which scenario is to be run.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES_HELP)]
pub(super) struct ScenarioArgs {
    /// The file, or the name of one that mqx has: device or telemetry
    #[arg(value_name = "SCENARIO")]
    scenario: String,

    /// Print the file of the scenario instead of running it
    #[arg(long)]
    pub(super) show: bool,

    #[command(flatten)]
    span: SpanArgs,

    #[command(flatten)]
    pub(super) output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

const EXAMPLES_HELP: &str = "\
A scenario is groups of clients, [[group]], each with what they publish, \
[[group.publish]], and subscribe to, [[group.subscribe]]; and stages, [[stage]]. \
`mqx bench run device --show` prints one to begin with.";

/// The scenarios that mqx has, by name.
const EXAMPLES: &[(&str, &str)] =
    &[("device", include_str!("device.toml")), ("telemetry", include_str!("telemetry.toml"))];

impl ScenarioArgs {
    /// The text of the scenario.
    ///
    /// # Errors
    /// When there is none of this name.
    pub(super) fn text(&self) -> Result<String> {
        let path = Path::new(&self.scenario);
        let example = EXAMPLES.iter().find(|(name, _)| *name == self.scenario);
        match example.filter(|_| !path.exists()) {
            Some((_, text)) => Ok((*text).to_owned()),
            None => fs::read_to_string(path).map_err(|cause| {
                let names: Vec<_> = EXAMPLES.iter().map(|(name, _)| *name).collect();
                Error::file("read", path, cause)
                    .hint(format!("the scenarios that mqx has are {}", names.join(" and ")))
            }),
        }
    }

    /// What is to be measured and how.
    ///
    /// # Errors
    /// When the scenario is not what it should be; the error says where.
    pub(super) fn into_config(mut self) -> Result<Config> {
        let text = self.text()?;
        let certificates = clients::certificates(&mut self.connection)?;
        let binds = self.connection.take_addresses();
        let Target { options: connect, topic } = self.connection.into_target()?;
        if topic.is_some() {
            return Err(Error::usage("the topics of a scenario are in its file, not in the URL"));
        }
        let mut scenario = file::read(&text, &self.scenario, &connect)?;
        for group in &mut scenario.groups {
            group.certificates = group.certificates.take().or_else(|| certificates.clone());
        }
        let name = Path::new(&self.scenario).file_stem().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        let binds = if binds.is_empty() { scenario.binds } else { binds };
        let load = self.span.apply(Scenario { name, binds, ..scenario });
        self.output.apply(Config { connect, load, ..Config::default() })
    }
}

#[cfg(test)]
mod tests;
