//! The numbers of a run while it goes, for Prometheus to ask for.
//!
//! The lead writes them down once a second; whoever asks gets what was written
//! last, so asking costs the run nothing.

use crate::bench::board::Progress;
use crate::bench::tally::{Measure, Stats};
use crate::bench::units::float;
use crate::error::{Class, Error, Result};
use crate::exposition::{Exposition, Kind, MEDIA_TYPE, label};
use crate::output;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// How long a client may take to send its request.
const PATIENCE: Duration = Duration::from_secs(10);

/// Clients at once; the others wait.
const MOST: usize = 16;

/// The numbers as text, for all who ask.
type Page = Arc<Mutex<Bytes>>;

/// Where the numbers of a run are put, and maybe asked for.
#[derive(Debug, Default)]
pub(in crate::bench) struct Metrics {
    served: Option<(Page, JoinHandle<()>)>,
}

impl Metrics {
    /// Serves them at this address, if there is one, until dropped.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub(in crate::bench) async fn at(address: Option<SocketAddr>) -> Result<Self> {
        let Some(address) = address else { return Ok(Self::default()) };
        let failed = |cause| {
            Error::new(Class::Listen, format!("cannot listen on {address} for Prometheus"))
                .because(cause)
                .hint("name another one with --prometheus")
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        output::note(format!("metrics are at http://{address}/metrics"));
        let page = Page::default();
        let server = tokio::spawn(accept(listener, page.clone()));
        let mut metrics = Self { served: Some((page, server)) };
        metrics.write(Duration::ZERO, Progress::default(), &mut Stats::default());
        Ok(metrics)
    }

    /// Writes down how far the run is, if anyone may ask.
    pub(in crate::bench) fn write(
        &mut self,
        elapsed: Duration,
        progress: Progress,
        stats: &mut Stats,
    ) {
        if let Some((page, _)) = &self.served {
            *page.lock() = text(elapsed, progress, stats).into();
        }
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        if let Some((_, server)) = &self.served {
            server.abort();
        }
    }
}

async fn accept(listener: TcpListener, page: Page) {
    let room = Arc::new(Semaphore::new(MOST));
    loop {
        let place = room.clone().acquire_owned().await;
        match listener.accept().await {
            Ok((stream, _)) => {
                let page = page.clone();
                tokio::spawn(async move {
                    serve(stream, page).await;
                    drop(place);
                });
            }
            // There is no file descriptor left; the run may close some.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn serve(stream: TcpStream, page: Page) {
    let service = service_fn(|request| {
        let answer = answer(&request, &page);
        async { Ok::<_, Infallible>(answer) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    // What broke on the way was the client's, who knows.
    drop(served);
}

fn answer(request: &Request<Incoming>, page: &Page) -> Response<Full<Bytes>> {
    let is_read = [Method::GET, Method::HEAD].contains(request.method());
    let (status, body) = match (is_read, request.uri().path()) {
        (true, "/metrics") => (StatusCode::OK, page.lock().clone()),
        (false, "/metrics") => (StatusCode::METHOD_NOT_ALLOWED, Bytes::new()),
        _ => (StatusCode::NOT_FOUND, Bytes::from_static(b"the numbers are at /metrics\n")),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(MEDIA_TYPE));
    response
}

/// The numbers of a run that has gone on for so long.
fn text(elapsed: Duration, progress: Progress, stats: &mut Stats) -> String {
    let mut metrics = Exposition::default();
    let name = "mqx_bench_seconds";
    metrics.metric(name, Kind::Gauge, "Seconds since publishing began.");
    metrics.sample(name, "", elapsed.as_secs_f64());
    let name = "mqx_bench_messages_total";
    metrics.metric(name, Kind::Counter, "Messages by what became of them.");
    for (what, count) in [
        ("published", progress.sent),
        ("received", progress.delivered),
        ("acknowledged", progress.answered),
    ] {
        metrics.sample(name, &format!("{{what=\"{what}\"}}"), count);
    }
    let name = "mqx_bench_errors_total";
    metrics.metric(name, Kind::Counter, "Failures by their class.");
    for (class, faults) in stats.errors.iter() {
        metrics.sample(name, &format!("{{class=\"{}\"}}", label(class)), faults.count);
    }
    for measure in Measure::ALL {
        write_times(*measure, stats, &mut metrics);
    }
    metrics.into_text()
}

/// The times of this kind in seconds, if there are any.
fn write_times(measure: Measure, stats: &mut Stats, metrics: &mut Exposition) {
    let Some(times) = stats.summary(measure) else { return };
    let name = format!("mqx_bench_{}_seconds", measure.name());
    let help = format!("Times of the whole run: {}.", measure.title());
    metrics.metric(&name, Kind::Summary, &help);
    for (quantile, nanos) in [
        ("0.5", times.p50),
        ("0.9", times.p90),
        ("0.99", times.p99),
        ("0.999", times.p99_9),
        ("0.9999", times.p99_99),
        ("1", times.max),
    ] {
        metrics.sample(&name, &format!("{{quantile=\"{quantile}\"}}"), seconds(float(nanos)));
    }
    metrics.sample(&format!("{name}_sum"), "", seconds(times.mean * float(times.count)));
    metrics.sample(&format!("{name}_count"), "", times.count);
}

fn seconds(nanos: f64) -> f64 {
    nanos / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_seconds_and_failures_have_their_class() {
        let mut stats = Stats::default();
        stats.latency.record(Duration::from_millis(2));
        stats.errors.note(&Error::new(Class::Connect, "not to be had"));
        let progress = Progress { sent: 5, delivered: 4, ..Progress::default() };
        let text = text(Duration::from_millis(1_500), progress, &mut stats);
        for line in [
            "mqx_bench_seconds 1.5",
            "mqx_bench_messages_total{what=\"received\"} 4",
            "mqx_bench_errors_total{class=\"not connected\"} 1",
            "# TYPE mqx_bench_latency_seconds summary",
            "mqx_bench_latency_seconds_count 1",
        ] {
            assert!(text.lines().any(|known| known == line), "{line} in {text}");
        }
        assert!(text.contains("mqx_bench_latency_seconds{quantile=\"0.99\"} 0.00200"), "{text}");
        assert!(!text.contains("mqx_bench_ack_seconds"), "nothing was acknowledged");
    }
}
