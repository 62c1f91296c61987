//! Clients, sessions and subscriptions.

use super::answer::{Answer, Fault};
use super::route::Call;
use crate::broker::core::{Core, SessionView, SubscriptionView, Worker};
use crate::mqtt::{PacketType, ReasonCode};
use hyper::StatusCode;
use serde_json::{Map, Value, json};

type Answered = Result<Answer, Fault>;

/// Sessions looked at before the search for connected ones is answered with
/// those found so far.
const LOOKED_AT: usize = 10_000;

/// A page of a list, and the cursor that goes on behind it.
pub(super) fn page(items: Vec<Value>, next: Option<String>) -> Answer {
    let mut page = Map::from_iter([("items".to_owned(), Value::Array(items))]);
    page.extend(next.map(|next| ("next".to_owned(), next.into())));
    Answer::json(&page.into())
}

/// The sessions that are connected.
pub(super) fn clients(call: &Call<'_>, core: &Core, worker: &mut Worker) -> Answered {
    let (limit, mut cursor) = (call.query.limit()?, call.query.take("cursor"));
    call.query.finish()?;
    let mut items = Vec::new();
    for _ in 0..LOOKED_AT.div_ceil(limit) {
        let found = core.sessions(worker.now(), cursor.as_deref(), limit);
        let Some(last) = found.last() else { return Ok(page(items, None)) };
        cursor = Some(last.client_id.clone());
        for view in found.iter().filter(|view| view.connection.is_some()) {
            items.push(show(view));
            if items.len() == limit {
                return Ok(page(items, Some(view.client_id.clone())));
            }
        }
    }
    Ok(page(items, cursor))
}

/// The sessions, connected or not.
pub(super) fn sessions(call: &Call<'_>, core: &Core, worker: &mut Worker) -> Answered {
    let (limit, cursor) = (call.query.limit()?, call.query.take("cursor"));
    call.query.finish()?;
    let found = core.sessions(worker.now(), cursor.as_deref(), limit);
    let full = found.len() == limit;
    let next = found.last().filter(|_| full).map(|last| last.client_id.clone());
    Ok(page(found.iter().map(show).collect(), next))
}

/// A client that is connected.
pub(super) fn client(call: &Call<'_>, core: &Core, worker: &mut Worker) -> Answered {
    call.query.finish()?;
    let view = core.session(worker.now(), &call.id).filter(|view| view.connection.is_some());
    view.map(|view| Answer::json(&show(&view))).ok_or_else(not_connected)
}

/// A session.
pub(super) fn session(call: &Call<'_>, core: &Core, worker: &mut Worker) -> Answered {
    call.query.finish()?;
    let view = core.session(worker.now(), &call.id);
    view.map(|view| Answer::json(&show(&view))).ok_or_else(no_session)
}

/// Ends a connection.
pub(super) fn kick(call: &Call<'_>, core: &Core, worker: &mut Worker) -> Answered {
    let reason =
        call.query.take("reason").map_or(Ok(ReasonCode::ADMINISTRATIVE_ACTION), |text| {
            let number = text
                .strip_prefix("0x")
                .map_or_else(|| text.parse().ok(), |digits| u8::from_str_radix(digits, 16).ok());
            let reason =
                number.and_then(|code| ReasonCode::for_packet(code, PacketType::Disconnect));
            let reason = reason.filter(|reason| reason.is_error());
            reason.ok_or_else(|| Fault::bad("reason is a reason code of DISCONNECT, such as 0x98"))
        })?;
    call.query.finish()?;
    if !core.kick(worker, &call.id, reason) {
        return Err(not_connected());
    }
    Ok(Answer::json(&json!({ "disconnected": call.id, "reason": reason.value() })))
}

/// Ends a session.
pub(super) fn end(call: &Call<'_>, core: &Core, worker: &mut Worker) -> Answered {
    call.query.finish()?;
    if !core.end_session(worker, &call.id) {
        return Err(no_session());
    }
    Ok(Answer::json(&json!({ "ended": call.id })))
}

/// The subscriptions of all sessions. The cursor is the last one shown.
pub(super) fn subscriptions(call: &Call<'_>, core: &Core, _: &mut Worker) -> Answered {
    let (limit, cursor) = (call.query.limit()?, call.query.take("cursor"));
    call.query.finish()?;
    let cursor = cursor.map(|text| serde_json::from_str::<(String, String)>(&text));
    let wrong = |_| Fault::bad("the cursor is not one of an earlier answer");
    let cursor = cursor.transpose().map_err(wrong)?;
    let after = cursor.as_ref().map(|(client, filter)| (client.as_str(), filter.as_str()));
    let found = core.subscriptions(after, limit);
    let full = found.len() == limit;
    let next = found.last().filter(|_| full);
    let next = next.map(|last| json!([last.client_id, last.filter]).to_string());
    Ok(page(found.iter().map(subscription).collect(), next))
}

fn not_connected() -> Fault {
    Fault::new(StatusCode::NOT_FOUND, "no client of this identifier is connected")
}

fn no_session() -> Fault {
    Fault::new(StatusCode::NOT_FOUND, "there is no session of this client identifier")
}

fn show(view: &SessionView) -> Value {
    let mut shown = json!({
        "client_id": view.client_id,
        "user": view.user,
        "connected": view.connection.is_some(),
        "expiry_interval": view.expiry_interval,
        "expires_in": view.expires_in.map(|left| left.as_secs()),
        "subscriptions": view.subscriptions,
        "queued": view.queued,
        "queued_bytes": view.queued_bytes,
        "in_flight": view.in_flight,
    });
    if let (Some(connection), Some(shown)) = (&view.connection, shown.as_object_mut()) {
        let more = json!({
            "address": connection.address,
            "version": connection.version.to_string(),
            "keep_alive": connection.keep_alive,
            "connected_for": connection.age.as_secs(),
            "unread_bytes": connection.unread_bytes,
        });
        shown.extend(more.as_object().cloned().unwrap_or_default());
    }
    shown
}

fn subscription(view: &SubscriptionView) -> Value {
    json!({
        "client_id": view.client_id,
        "filter": view.filter,
        "qos": view.options.qos as u8,
        "no_local": view.options.no_local,
        "retain_as_published": view.options.retain_as_published,
        "id": view.id,
    })
}
