//! The options that look into payloads.

use crate::cli::decoding::DecodingArgs;
use crate::cli::values;
use crate::decode::Decoder;
use crate::error::{Error, Result};
use crate::output::escape;
use crate::subscribe::{Expectation, Query};
use clap::Args;
use std::time::Duration;

/// What is made of payloads.
#[derive(Debug, Args)]
#[command(next_help_heading = "Payloads")]
pub(super) struct ReadingArgs {
    #[command(flatten)]
    decoding: DecodingArgs,

    /// Leave out messages of which this expression of jq is not true; . is the
    /// payload, and there are $topic, $qos, $retain and $user
    #[arg(long, value_name = "JQ")]
    filter: Option<String>,

    /// Print what this expression of jq makes of the payload
    #[arg(long, value_name = "JQ")]
    select: Option<String>,

    /// End with the first message of which this expression of jq is true; exit
    /// code 9 if none comes
    #[arg(long, value_name = "JQ")]
    expect: Option<String>,

    /// How long to wait for what is expected
    #[arg(long, value_name = "TIME", requires = "expect", value_parser = values::duration)]
    within: Option<Duration>,
}

/// What the options come to.
pub(super) struct Reading {
    pub(super) decoder: Decoder,
    pub(super) filter: Option<Query>,
    pub(super) select: Option<Query>,
    pub(super) expect: Option<Expectation>,
}

impl ReadingArgs {
    /// Reads the schemas and the expressions.
    ///
    /// # Errors
    /// When one is not what it should be, or one is missing.
    pub(super) fn read(self) -> Result<Reading> {
        let expect = query("--expect", self.expect.as_deref())?;
        let within = self.within;
        Ok(Reading {
            decoder: self.decoding.read()?,
            filter: query("--filter", self.filter.as_deref())?,
            select: query("--select", self.select.as_deref())?,
            expect: expect.map(|query| Expectation { query, within }),
        })
    }
}

fn query(option: &str, text: Option<&str>) -> Result<Option<Query>> {
    let query = text.map(Query::parse).transpose();
    query.map_err(|what| Error::usage(format!("{option}: {}", escape(&what))))
}
