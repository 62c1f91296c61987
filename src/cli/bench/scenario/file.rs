//! From the text of a scenario to what it says.

use super::super::messages::MessageArgs;
use super::tables::{GroupTable, StageTable, SubscribeTable, Top};
use crate::bench::load::{Group, Scenario, Stream};
use crate::cli::broker::toml_file::Source;
use crate::client::ConnectOptions;
use crate::error::{Error, Result};
use toml_edit::Table;

/// Reads `text`, the content of the file `name`, for clients that connect as
/// `connect` says where their group says nothing else.
///
/// # Errors
/// When it is not TOML, or a key or a value is not what it should be; the error
/// says where.
pub(super) fn read(text: &str, name: &str, connect: &ConnectOptions) -> Result<Scenario> {
    let source = Source { text, name };
    let mut top = source.table()?;
    let groups = source.tables_in(&mut top, "group")?;
    let stages = source.tables_in(&mut top, "stage")?;
    let span = source.entries(&top)?.parse::<Top>()?.span;
    if groups.is_empty() {
        return Err(Error::usage(format!("{name}: a scenario has a [[group]] of clients")));
    }
    let groups = groups.into_iter().map(|(place, table)| group(&source, &place, table, connect));
    let stages = stages
        .into_iter()
        .map(|(_, table)| source.entries(&table)?.parse::<StageTable>().map(Into::into));
    Ok(span.apply(Scenario {
        groups: groups.collect::<Result<_>>()?,
        stages: stages.collect::<Result<_>>()?,
        ..Scenario::default()
    }))
}

fn group(
    source: &Source<'_>,
    place: &str,
    mut table: Table,
    connect: &ConnectOptions,
) -> Result<Group> {
    let streams = source.tables_in(&mut table, "publish")?;
    let asked = source.tables_in(&mut table, "subscribe")?;
    let group = source.entries(&table)?.parse::<GroupTable>()?.into_group(connect)?;
    let mut subscriptions = Vec::new();
    for (_, table) in asked {
        let table = source.entries(&table)?.parse::<SubscribeTable>()?;
        subscriptions.extend(table.into_subscriptions());
    }
    if group.answers && subscriptions.is_empty() {
        let what = format!("{place}: a group that answers has a [[group.subscribe]]");
        return Err(Error::usage(what));
    }
    let is_v5 = connect.session.version.is_v5();
    let streams = streams.into_iter().map(|(place, table)| stream(source, &place, &table, is_v5));
    Ok(Group { streams: streams.collect::<Result<_>>()?, subscriptions, ..group })
}

fn stream(source: &Source<'_>, place: &str, table: &Table, is_v5: bool) -> Result<Stream> {
    let mut args = source.entries(table)?.parse::<MessageArgs>()?;
    if let Some(option) = args.needs_v5().filter(|_| !is_v5) {
        return Err(Error::usage(format!("{place}: {option} needs MQTT 5")));
    }
    let topics = std::mem::take(&mut args.topic);
    match topics.as_slice() {
        [] => args.into_stream(None),
        [topic] => args.into_stream(Some(topic)),
        _ => Err(Error::usage(format!("{place}: a stream has one topic"))),
    }
}
