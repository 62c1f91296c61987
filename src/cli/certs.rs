//! `mqx certs`: its arguments.

use crate::certs::{CommonName, Config, Host, MAX_DAYS};
use clap::{Args, Subcommand, value_parser};
use std::path::PathBuf;

/// The arguments of `mqx certs`.
#[derive(Debug, Args)]
pub struct CertsArgs {
    #[command(subcommand)]
    command: CertsCommand,
}

#[derive(Debug, Subcommand)]
enum CertsCommand {
    /// Make a CA with a certificate for a broker and one for a client
    #[command(after_help = AFTER_HELP)]
    Init(InitArgs),
}

const AFTER_HELP: &str = "\
Writes ca.crt, ca.key, server.crt, server.key, client.crt and client.key, and \
prints the broker and client commands that use them. The server certificate is \
for localhost, 127.0.0.1, ::1, this machine's host name and every --host.";

#[derive(Debug, Args)]
struct InitArgs {
    /// Write the files here; the directory is made if it is missing
    #[arg(long, value_name = "DIR", default_value_os_t = Config::default().dir)]
    dir: PathBuf,

    /// Make the server certificate for this host name or IP address as well
    /// (repeatable; *.example.org stands for every host of example.org)
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<Host>,

    /// The common name of the client certificate
    #[arg(long, value_name = "NAME", default_value_t = Config::default().client_name)]
    client_name: CommonName,

    /// How many days the server and the client certificate are valid
    #[arg(
        long,
        value_name = "DAYS",
        default_value_t = Config::default().days,
        value_parser = value_parser!(u16).range(1..=i64::from(MAX_DAYS))
    )]
    days: u16,

    /// Replace files that exist
    #[arg(long)]
    force: bool,
}

impl CertsArgs {
    /// What is to be made and where.
    #[must_use]
    pub fn into_config(self) -> Config {
        let CertsCommand::Init(init) = self.command;
        Config {
            dir: init.dir,
            hosts: init.hosts,
            client_name: init.client_name,
            days: init.days,
            force: init.force,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory as _, Parser};

    #[derive(Debug, Parser)]
    struct Certs {
        #[command(flatten)]
        args: CertsArgs,
    }

    fn parse(line: &str) -> Result<Config, String> {
        match Certs::try_parse_from(line.split(' ')) {
            Ok(certs) => Ok(certs.args.into_config()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn without_flags_the_defaults_hold() {
        Certs::command().debug_assert();
        assert_eq!(parse("certs init").unwrap(), Config::default());
    }

    #[test]
    fn every_flag_reaches_the_config() {
        let line =
            "certs init --dir d --host a.example --host ::1 --client-name c --days 1 --force";
        let wanted = Config {
            dir: "d".into(),
            hosts: vec!["a.example".parse().unwrap(), "::1".parse().unwrap()],
            client_name: "c".parse().unwrap(),
            days: 1,
            force: true,
        };
        assert_eq!(parse(line).unwrap(), wanted);
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_reason() {
        for (line, words) in [
            ("certs init --days 826", "826 is not in 1..=825"),
            ("certs init --days 0", "0 is not in 1..=825"),
            ("certs init --host mqtt://a", "no host name or IP address"),
            ("certs init --client-name ", "1 to 64 characters"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
