//! What there is: paths, methods and who handles them.

use super::answer::{Answer, Fault};
use super::query::{self, Query};
use super::{guard, messages, metrics, publish, sessions};
use crate::broker::core::{Census, Core, Totals, Worker};
use crate::broker::words;
use crate::broker::worker::Shared;
use crate::error::Error;
use hyper::body::Bytes;
use hyper::{Method, StatusCode};
use serde_json::json;
use std::rc::Rc;
use std::sync::Arc;

/// A request on its way to its handler.
pub(super) struct Call<'a> {
    pub(super) shared: &'a Rc<Shared>,
    /// What stands in the path for `{id}`.
    pub(super) id: String,
    pub(super) query: Query,
    pub(super) body: Bytes,
}

/// The numbers of the broker.
pub(super) struct Numbers {
    pub(super) totals: Totals,
    pub(super) census: Census,
    pub(super) uptime: std::time::Duration,
}

/// What answers a request.
#[derive(Clone, Copy)]
pub(super) enum Handler {
    /// Looks at the core or changes something.
    Core(fn(&Call<'_>, &Core, &mut Worker) -> Result<Answer, Fault>),
    /// Shows numbers, which are counted on another thread: with very many
    /// sessions that takes a while.
    Numbers(fn(&Numbers) -> Answer),
    /// Has the configuration read again, on another thread too.
    Reload,
}

type Row = (&'static str, &'static [(Method, Handler)], &'static str);

/// Every path with its handlers, and the methods as `Allow` names them.
const ROUTES: &[Row] = &[
    (guard::HEALTH, &[(Method::GET, Handler::Core(metrics::health))], "GET"),
    ("/metrics", &[(Method::GET, Handler::Numbers(metrics::metrics))], "GET"),
    ("/api/v1/stats", &[(Method::GET, Handler::Numbers(metrics::stats))], "GET"),
    ("/api/v1/clients", &[(Method::GET, Handler::Core(sessions::clients))], "GET"),
    (
        "/api/v1/clients/{id}",
        &[
            (Method::GET, Handler::Core(sessions::client)),
            (Method::DELETE, Handler::Core(sessions::kick)),
        ],
        "GET, DELETE",
    ),
    ("/api/v1/sessions", &[(Method::GET, Handler::Core(sessions::sessions))], "GET"),
    (
        "/api/v1/sessions/{id}",
        &[
            (Method::GET, Handler::Core(sessions::session)),
            (Method::DELETE, Handler::Core(sessions::end)),
        ],
        "GET, DELETE",
    ),
    ("/api/v1/subscriptions", &[(Method::GET, Handler::Core(sessions::subscriptions))], "GET"),
    (
        "/api/v1/retained",
        &[
            (Method::GET, Handler::Core(messages::retained)),
            (Method::DELETE, Handler::Core(messages::clear)),
        ],
        "GET, DELETE",
    ),
    ("/api/v1/publish", &[(Method::POST, Handler::Core(publish::publish))], "POST"),
    ("/api/v1/reset", &[(Method::POST, Handler::Core(messages::reset))], "POST"),
    ("/api/v1/reload", &[(Method::POST, Handler::Reload)], "POST"),
];

/// Who answers this, and what stands in the path for `{id}`. HEAD is a GET.
pub(super) fn find(method: &Method, path: &str) -> Result<(Handler, String), Fault> {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let nothing = || Fault::new(StatusCode::NOT_FOUND, "nothing is at this path");
    let segments = query::segments(path).ok_or_else(nothing)?;
    let mut rows = ROUTES.iter();
    let found = rows.find_map(|(pattern, handlers, allow)| {
        capture(pattern, &segments).map(|captured| (captured, handlers, allow))
    });
    let (captured, handlers, allow) = found.ok_or_else(nothing)?;
    let handler = handlers.iter().find(|(known, _)| known == method);
    handler.map(|(_, handler)| (*handler, captured)).ok_or_else(|| Fault::method(allow))
}

/// What stands for `{id}` in the path, if it is of this pattern; nothing where
/// the pattern has none.
fn capture(pattern: &str, path: &[String]) -> Option<String> {
    let wanted = pattern.strip_prefix('/')?.split('/');
    if wanted.clone().count() != path.len() {
        return None;
    }
    let mut captured = String::new();
    for (wanted, segment) in wanted.zip(path) {
        match wanted {
            "{id}" => captured.clone_from(segment),
            _ if wanted == segment => {}
            _ => return None,
        }
    }
    Some(captured)
}

impl Handler {
    pub(super) async fn run(self, call: Call<'_>) -> Result<Answer, Fault> {
        match self {
            Self::Core(handler) => call.shared.batch(|core, worker| handler(&call, core, worker)),
            Self::Numbers(handler) => {
                call.query.finish()?;
                let (core, uptime) = (call.shared.core(), call.shared.now());
                let counted = tokio::task::spawn_blocking(move || Numbers {
                    totals: core.totals(),
                    census: core.census(),
                    uptime: uptime - crate::session::Time::ZERO,
                });
                let failed =
                    |_| Fault::new(StatusCode::INTERNAL_SERVER_ERROR, "the broker could not count");
                Ok(handler(&counted.await.map_err(failed)?))
            }
            Self::Reload => {
                call.query.finish()?;
                let reloader = Arc::clone(&call.shared.reloader);
                let done = tokio::task::spawn_blocking(move || reloader.reload());
                let failed =
                    |_| Fault::new(StatusCode::INTERNAL_SERVER_ERROR, "the reload broke off");
                let refused = |error: Error| {
                    Fault::new(StatusCode::CONFLICT, words::not_reloaded(&error.into()))
                };
                done.await.map_err(failed)?.map_err(refused)?;
                Ok(Answer::json(&json!({ "reloaded": true })))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_has_the_methods_it_says_it_has() {
        for (path, handlers, allow) in ROUTES {
            let names: Vec<_> = handlers.iter().map(|(method, _)| method.as_str()).collect();
            assert_eq!(names.join(", "), *allow, "{path}");
        }
    }

    #[test]
    fn a_path_is_found_by_its_segments() {
        let id =
            |path| find(&Method::GET, path).map(|(_, captured)| captured).map_err(|f| f.status);
        assert_eq!(id("/api/v1/clients"), Ok(String::new()));
        assert_eq!(id("/api/v1/clients/a%2Fb"), Ok("a/b".to_owned()));
        assert_eq!(id("/api/v1/clients/"), Ok(String::new()));
        assert_eq!(id("/api/v1/clients/a/b"), Err(StatusCode::NOT_FOUND));
        assert_eq!(id("/"), Err(StatusCode::NOT_FOUND));
        assert_eq!(id("/api/v1/publish"), Err(StatusCode::METHOD_NOT_ALLOWED));
        assert!(find(&Method::HEAD, "/metrics").is_ok());
    }
}
