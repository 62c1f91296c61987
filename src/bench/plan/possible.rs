//! Finds out whether a load is possible at all; what is not is refused with
//! the option that says it.

use super::pace::Pace;
use crate::bench::load::{Content, Group, Pattern, Scenario, Storm, Stream, Tempo, Wanted};
use crate::bench::units::float;
use crate::client::ConnectOptions;
use crate::error::{Error, Result};
use crate::mqtt::MAX_REMAINING_LENGTH;
use crate::output::escape;
use crate::secret::Secret;
use std::time::Duration;

/// The highest rate that is taken for an intention, per second.
const MAX_RATE: f64 = 1e9;

/// Bits per second that no link of one machine carries.
const MAX_BITS: f64 = 1e12;

/// Connections in one run; identifiers and files run out long before.
const MAX_CONNECTIONS: u64 = 1_000_000;

/// Streams of one client; their number has eight bits, see `player::ticket`.
const MAX_STREAMS: usize = 256;

/// A rule and what is wrong when it does not hold.
type Rule = (bool, String);

fn keep(rules: impl IntoIterator<Item = Rule>) -> Result<()> {
    let broken = rules.into_iter().find(|(holds, _)| !holds);
    broken.map_or(Ok(()), |(_, what)| Err(Error::usage(what)))
}

/// Checks what can be checked before anything is opened, with `common` for the groups that
/// connect like the others.
///
/// # Errors
/// A usage error that names the option.
pub(super) fn check(scenario: &Scenario, common: &ConnectOptions) -> Result<()> {
    let connections: u64 = scenario.groups.iter().map(|group| u64::from(group.clients)).sum();
    let duration = scenario.duration;
    let never_measured = duration.is_some_and(|duration| duration <= scenario.warmup);
    keep([
        (duration != Some(Duration::ZERO), "--duration 0: nothing would be sent".to_owned()),
        (connections > 0, "--count 0: a run needs a connection".to_owned()),
        (
            connections <= MAX_CONNECTIONS,
            format!("{connections} connections are over the limit of {MAX_CONNECTIONS}"),
        ),
        (!never_measured, "--warmup takes all of --duration: nothing would be measured".to_owned()),
    ])?;
    check_stages(scenario)?;
    for group in &scenario.groups {
        check_columns(group, group.connect.as_deref().unwrap_or(common))?;
        check_group(group, scenario)?;
    }
    Ok(())
}

fn check_stages(scenario: &Scenario) -> Result<()> {
    let factors = scenario.stages.iter().flat_map(|stage| [stage.from, stage.to, stage.churn]);
    let strange = factors.into_iter().find(|factor| !(0.0..=1e6).contains(factor));
    let empty = scenario.stages.iter().any(|stage| stage.duration.is_zero());
    let shown = strange.unwrap_or_default();
    let known = |name: &String| scenario.groups.iter().any(|group| group.name == *name);
    let hit = scenario.stages.iter().flat_map(|stage| match &stage.storm {
        Storm::Of(names) => names.as_slice(),
        Storm::None | Storm::All => &[],
    });
    let nobody = hit.into_iter().find(|name| !known(name));
    let whose = escape(nobody.map_or("", String::as_str));
    keep([
        (strange.is_none(), format!("a stage's load of {shown} is not between 0 and 1000000")),
        (!empty, "a stage without a duration is none".to_owned()),
        (nobody.is_none(), format!("storm-of: there is no group {whose}")),
    ])
}

fn check_group(group: &Group, scenario: &Scenario) -> Result<()> {
    for (option, rate) in [("--conn-rate", group.connect_rate), ("--churn", group.churn.rate)] {
        rate.map_or(Ok(()), |rate| check_rate(option, rate))?;
    }
    keep([
        (
            group.churn.storm != Some(Duration::ZERO),
            "--storm 0: nobody could stay connected".to_owned(),
        ),
        (group.streams.len() <= MAX_STREAMS, format!("a client has at most {MAX_STREAMS} streams")),
    ])?;
    group.streams.iter().try_for_each(|stream| check_stream(stream, group, scenario))
}

/// Checks that the table has what is taken from it.
fn check_columns(group: &Group, connect: &ConnectOptions) -> Result<()> {
    let session = &connect.session;
    let will = session.will.as_ref().map(|(will, _)| will.topic());
    let said = [Some(&*session.client_id), session.username.as_deref(), will];
    let said: Vec<_> = said.into_iter().flatten().map(Pattern::read).collect();
    let password = session.password.as_ref().map(Secret::expose);
    let password = password.and_then(|bytes| std::str::from_utf8(bytes).ok()).map(Pattern::read);
    let topics = group.streams.iter().filter_map(|stream| stream.topic.as_ref());
    let texts = group.streams.iter().filter_map(|stream| match &stream.content {
        Content::Text(pattern) => Some(pattern),
        _ => None,
    });
    let filters = group.subscriptions.iter().filter_map(|asked| match &asked.wanted {
        Wanted::Filter(pattern) => Some(pattern),
        _ => None,
    });
    let files = group.certificates.iter().flat_map(|own| [&own.cert, &own.key]);
    let named = topics.chain(texts).chain(filters).chain(files).chain(&said);
    let has = |column: &str| group.rows.as_ref().is_some_and(|rows| rows.has(column));
    let strange = named.flat_map(Pattern::columns).find(|column| !has(column));
    let whose = escape(strange.unwrap_or_default());
    keep([
        (strange.is_none(), format!("{{row.{whose}}} is no column of --rows")),
        (
            password.iter().flat_map(Pattern::columns).all(has),
            "the password names a column that --rows does not have".to_owned(),
        ),
    ])
}

fn check_rate(option: &str, rate: f64) -> Result<()> {
    if rate.is_finite() && rate > 0.0 && rate <= MAX_RATE {
        return Ok(());
    }
    Err(Error::usage(format!("{option} {rate} is not between 0 and {MAX_RATE} per second")))
}

fn check_stream(stream: &Stream, group: &Group, scenario: &Scenario) -> Result<()> {
    let all = u64::from(group.clients);
    let each = stream.limit_per_client;
    let too_few = each.zip(stream.limit).filter(|(each, limit)| each.saturating_mul(all) < *limit);
    let reached = each.map_or(0, |each| each.saturating_mul(all));
    keep([
        (stream.inflight > 0, "--inflight 0: nothing could be sent".to_owned()),
        (stream.limit != Some(0), "--limit 0: nothing would be sent".to_owned()),
        (each != Some(0), "--per-client-limit 0: nothing would be sent".to_owned()),
        (stream.buffer != Some(0), "--buffer 0: nothing could be sent".to_owned()),
        (
            too_few.is_none(),
            format!("--limit is never reached: --per-client-limit ends the run after {reached}"),
        ),
    ])?;
    check_content(&stream.content)?;
    check_tempo(stream, group, scenario)
}

fn check_content(content: &Content) -> Result<()> {
    let Content::Filling { sizes, headers } = content else { return Ok(()) };
    let (least, most, header) = (sizes.least, sizes.most, headers.size());
    // Topic, packet identifier and properties need room beside the payload.
    let largest = MAX_REMAINING_LENGTH - usize::from(u16::MAX) - 8;
    keep([
        (
            least >= header,
            format!(
                "--size {least} is too small: the header that is measured with takes {header} bytes"
            ),
        ),
        (least <= most, format!("--size {least}-{most}: the range ends before it begins")),
        (
            most <= largest,
            format!("--size {most} is too large: an MQTT packet holds at most {largest} bytes"),
        ),
    ])
}

fn check_tempo(stream: &Stream, group: &Group, scenario: &Scenario) -> Result<()> {
    let Some(rate) = stream.tempo.rate(group.clients) else {
        let what = "--jitter is of use with --rate or --interval-of-msg only".to_owned();
        return keep([(stream.jitter.is_zero(), what)]);
    };
    let option = match stream.tempo {
        Tempo::Every(_) => "--interval-of-msg: a rate of",
        _ => "--rate",
    };
    check_rate(option, rate)
        .map_err(|error| error.hint("leave --rate out to publish as fast as possible"))?;
    let factors = scenario.stages.iter().flat_map(|stage| [stage.from, stage.to]);
    let most = factors.fold(1.0, f64::max);
    let bits =
        rate * most * 8.0 * float(u64::try_from(stream.content.largest()).unwrap_or(u64::MAX));
    let interval = Pace::new(rate * most, group.clients).interval();
    keep([
        (
            bits <= MAX_BITS,
            format!(
                "{option} {rate}: messages of this size are {:.0} Gbit/s, which no link carries",
                bits / 1e9
            ),
        ),
        (
            stream.jitter <= interval,
            format!("--jitter is over the {interval:?} from one message of a client to the next"),
        ),
    ])
}
