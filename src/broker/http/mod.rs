//! HTTP beside MQTT: health, metrics and the administration of the broker.
//!
//! A connection comes by [`super::door`] like every other and is served on the
//! worker it came to, where a handler may use the core as an MQTT client's
//! task does. Handlers are rows of a table ([`route`]) and do not wait; the
//! bodies of requests are read before.
//!
//! Who may ask for what is in [`guard`].

mod answer;
mod guard;
mod messages;
mod metrics;
mod publish;
mod query;
mod room;
mod route;
mod sessions;
mod stream;

pub(super) use guard::{Access, Caller};
pub(super) use room::Room;
pub(super) use stream::HttpStream;

use super::worker::Shared;
use answer::{Answer, Fault};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use route::Call;
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

/// How long a client may take to send the head of a request, and then its body.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes of the largest body that is taken.
const MAX_BODY: usize = 1024 * 1024;

/// Bytes of the largest head of a request.
const MAX_HEAD: usize = 16 * 1024;

/// Serves the requests of one connection until it ends, if there is room for
/// one more.
pub(super) async fn serve(shared: Rc<Shared>, stream: HttpStream, caller: Caller) {
    let Some(place) = shared.http.room.enter() else {
        return room::turn_away(stream).await;
    };
    let service = service_fn(|request| {
        let shared = Rc::clone(&shared);
        async move { Ok::<_, Infallible>(answer(&shared, caller, request).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    // What broke on the way was the client's, who knows.
    drop((served, place));
}

async fn answer(
    shared: &Rc<Shared>,
    caller: Caller,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let head_only = request.method() == Method::HEAD;
    let answered = respond(shared, caller, request).await;
    answered.unwrap_or_else(Fault::into_answer).into_response(head_only)
}

async fn respond(
    shared: &Rc<Shared>,
    caller: Caller,
    request: Request<Incoming>,
) -> Result<Answer, Fault> {
    let (head, body) = request.into_parts();
    shared.http.admit(&head, caller)?;
    let (handler, id) = route::find(&head.method, head.uri.path())?;
    let body = read(body).await?;
    let query = query::Query::parse(head.uri.query().unwrap_or_default());
    handler.run(Call { shared, id, query, body }).await
}

/// The body of a request, within its limits.
async fn read(body: Incoming) -> Result<Bytes, Fault> {
    let whole = tokio::time::timeout(PATIENCE, Limited::new(body, MAX_BODY).collect()).await;
    let late = |_| Fault::new(StatusCode::REQUEST_TIMEOUT, "the body did not come in time");
    let large = |_| {
        let what = format!("the body broke off, or is larger than {MAX_BODY} bytes");
        Fault::new(StatusCode::PAYLOAD_TOO_LARGE, what)
    };
    Ok(whole.map_err(late)?.map_err(large)?.to_bytes())
}
