//! `mqx bench`: its arguments. Without a command it is a run.

mod clients;
mod compare;
mod conclusion;
mod merge;
mod messages;
mod output;
mod run;
mod scenario;
mod search;
mod shard;
mod span;
mod values;

use crate::bench::{Compare, Config, Merge};
use crate::error::Result;
use clap::{Args, Subcommand};
use compare::CompareArgs;
use merge::MergeArgs;
use run::RunArgs;
use scenario::ScenarioArgs;

/// The arguments of `mqx bench`.
#[derive(Debug, Args)]
#[command(after_help = run::AFTER_HELP, args_conflicts_with_subcommands = true)]
pub struct BenchArgs {
    #[command(subcommand)]
    command: Option<BenchCommand>,

    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, Subcommand)]
enum BenchCommand {
    /// Compare the reports of two runs
    Compare(CompareArgs),
    /// Add up the reports of runs, as those of shards
    Merge(MergeArgs),
    /// Run a scenario from a file
    Run(Box<ScenarioArgs>),
}

/// What `mqx bench` is to do.
#[derive(Debug)]
pub enum Task {
    /// To measure a broker.
    Run {
        /// What is to be measured and how.
        config: Box<Config>,
        /// Whether the broker is to be started in this process first; the caller then
        /// puts its address into `config`.
        embedded: bool,
    },
    /// To compare reports.
    Compare(Compare),
    /// To add up reports.
    Merge(Merge),
    /// To print a scenario.
    Show(String),
}

impl BenchArgs {
    /// What is to be done.
    ///
    /// # Errors
    /// When a file of the connection is not what it should be.
    pub fn into_task(self) -> Result<Task> {
        match self.command {
            None => {
                let embedded = self.run.embedded();
                Ok(Task::Run { config: Box::new(self.run.into_config()?), embedded })
            }
            Some(BenchCommand::Compare(args)) => Ok(Task::Compare(args.into_config())),
            Some(BenchCommand::Merge(args)) => Ok(Task::Merge(args.into_config())),
            Some(BenchCommand::Run(args)) if args.show => Ok(Task::Show(args.text()?)),
            Some(BenchCommand::Run(args)) => {
                let embedded = args.output.embedded;
                Ok(Task::Run { config: Box::new(args.into_config()?), embedded })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Command, CommandLine, parse_from};

    fn task(words: &[&str]) -> Task {
        let words = ["mqx", "bench"].iter().chain(words);
        let Command::Bench(args) = parse_from(words).unwrap().command else {
            panic!("another command was read");
        };
        args.into_task().unwrap()
    }

    #[test]
    fn without_a_command_it_is_a_run() {
        assert!(matches!(task(&["--rate", "100"]), Task::Run { embedded: false, .. }));
        assert!(
            matches!(task(&["merge", "a", "b"]), Task::Merge(config) if config.reports.len() == 2)
        );
    }

    #[test]
    fn what_is_to_be_made_of_a_report_is_read_before_the_run() {
        let Task::Run { config, .. } = task(&[
            "--report",
            "a.json",
            "--report",
            "b.HTML",
            "--assert",
            "p99<5ms,loss==0",
            "--assert",
            "rate>=10k",
            "--baseline",
            "old.json",
            "--max-regression",
            "2.5%",
        ]) else {
            panic!("another task was read");
        };
        let conclusion = config.conclusion;
        assert_eq!((conclusion.files.len(), conclusion.assertions.len()), (2, 3));
        assert!((conclusion.baseline.unwrap().regression - 0.025).abs() < 1e-9);
        for wrong in [
            &["--report", "a.txt"][..],
            &["--assert", "p99<5"],
            &["--max-regression", "5%"],
            &["--baseline", "a.json", "--max-regression", "-1%"],
        ] {
            assert!(parse_from(["mqx", "bench"].iter().chain(wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_the_environment_says_of_clients_does_not_reach_commands_that_are_none() {
        let words = ["mqx", "bench", "merge", "a"].map(Into::into).to_vec();
        let variables = [("MQX_HOST".into(), "far".into())];
        let cli = CommandLine(words).parse_in(&variables).unwrap();
        assert!(matches!(cli.command, Command::Bench(_)));
    }
}
