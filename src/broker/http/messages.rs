//! Retained messages, and everything at once.

use super::answer::{Answer, Fault};
use super::route::Call;
use super::sessions::page;
use crate::broker::core::{Core, RetainedView, Worker};
use crate::mqtt::topic::Filter;
use crate::text_or_base64::TextOrBase64;
use serde_json::{Value, json};

type Answered = Result<Answer, Fault>;

/// The retained messages of topics that `filter` matches; without one those
/// that `#` does. The cursor is the last topic shown.
pub(super) fn retained(call: &Call<'_>, core: &Core, worker: &mut Worker) -> Answered {
    let text = call.query.take("filter").unwrap_or_else(|| "#".to_owned());
    let (limit, cursor) = (call.query.limit()?, call.query.take("cursor"));
    call.query.finish()?;
    let found = core.retained(worker.now(), &filter(&text)?, cursor.as_deref(), limit);
    let full = found.len() == limit;
    let next = found.last().filter(|_| full).map(|last| last.message.topic().to_owned());
    Ok(page(found.iter().map(show).collect(), next))
}

/// Forgets the retained messages of topics that `filter` matches.
pub(super) fn clear(call: &Call<'_>, core: &Core, worker: &mut Worker) -> Answered {
    let missing = || Fault::bad("say which with ?filter=, %23 for all");
    let text = call.query.take("filter").ok_or_else(missing)?;
    call.query.finish()?;
    let cleared = core.clear_retained(worker, &filter(&text)?);
    Ok(Answer::json(&json!({ "cleared": cleared })))
}

/// Ends every session and forgets every retained message.
pub(super) fn reset(call: &Call<'_>, core: &Core, worker: &mut Worker) -> Answered {
    call.query.finish()?;
    let (sessions, retained) = core.reset(worker);
    Ok(Answer::json(&json!({ "sessions": sessions, "retained": retained })))
}

fn filter(text: &str) -> Result<Filter<'_>, Fault> {
    let wrong = |error| Fault::bad(format!("filter: {error}"));
    let filter = Filter::parse(text).map_err(wrong)?;
    match filter.share {
        None => Ok(filter),
        Some(_) => Err(Fault::bad("filter: retained messages are not shared")),
    }
}

fn show(view: &RetainedView) -> Value {
    let message = &view.message;
    let payload = TextOrBase64::of(message.payload());
    json!({
        "topic": message.topic(),
        "qos": message.qos as u8,
        "expires_in": view.expires_in.map(|left| left.as_secs()),
        payload.member("payload"): payload.value(),
    })
}
