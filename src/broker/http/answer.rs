//! What is answered: JSON, or text for machines that want that.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::header::{WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};
use std::borrow::Cow;

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    kind: &'static str,
    body: String,
    allow: Option<&'static str>,
}

/// A request that is refused: the status and a sentence that says why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) status: StatusCode,
    what: Cow<'static, str>,
    /// The methods that would do.
    allow: Option<&'static str>,
}

impl Answer {
    /// 200 with this value.
    pub(super) fn json(value: &Value) -> Self {
        Self::of(StatusCode::OK, value)
    }

    /// 200 with text of this kind.
    pub(super) const fn text(kind: &'static str, body: String) -> Self {
        Self { status: StatusCode::OK, kind, body, allow: None }
    }

    fn of(status: StatusCode, value: &Value) -> Self {
        Self { status, kind: "application/json", body: format!("{value}\n"), allow: None }
    }

    /// The answer as it is sent; to HEAD without its body.
    pub(super) fn into_response(self, head_only: bool) -> Response<Full<Bytes>> {
        let length = self.body.len();
        let body = if head_only { Bytes::new() } else { self.body.into() };
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.kind));
        headers.insert(CONTENT_LENGTH, length.into());
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        response
    }
}

impl Fault {
    pub(super) fn new(status: StatusCode, what: impl Into<Cow<'static, str>>) -> Self {
        Self { status, what: what.into(), allow: None }
    }

    /// 400: the request itself is wrong.
    pub(super) fn bad(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, what)
    }

    /// 405: `allow` would do.
    pub(super) fn method(allow: &'static str) -> Self {
        let what = format!("that cannot be done here: {allow} can");
        Self { allow: Some(allow), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, what) }
    }

    pub(super) fn into_answer(self) -> Answer {
        let value = json!({ "status": self.status.as_u16(), "error": self.what });
        Answer { allow: self.allow, ..Answer::of(self.status, &value) }
    }
}
