//! Takes connections that speak HTTP/2 from their first byte (no TLS, no upgrade). Each is bounded in what it may open and say, and
//! closed when it has asked nothing for long, whether its client is gone, silent, or idle: clients connect again by themselves.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use hyper::body::Incoming;
use hyper::server::conn::http2::Builder;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::http::listen::{LAST_ANSWERS, each_connection, wait_for_answers};

/// Requests at one time on one connection.
const STREAMS: u32 = 128;
/// All headers of one request.
const HEADERS_BYTES: u32 = 16 << 10;
/// What a client may send before it is read, by request and by connection: memory that no body counts yet.
const WINDOW_BYTES: u32 = 1 << 20;
/// A client that does not answer a ping is gone.
const PING_EVERY: Duration = Duration::from_mins(1);
const PING_ANSWER: Duration = Duration::from_secs(20);

/// Serves `router` until `ended` tells. A connection without a request for `idle`, its first one too, is closed.
pub async fn serve(listener: TcpListener, router: Router, idle: Duration, ended: watch::Receiver<()>) {
    let mut http = Builder::new(TokioExecutor::new());
    http.timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADERS_BYTES)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_ANSWER);
    let service = TowerToHyperService::new(router);
    // connections hold a receiver each; the last one that ends lets the sender know
    let (end, ending) = watch::channel(());
    each_connection(listener, ended, |stream| {
        tokio::spawn(carry(http.clone(), stream, service.clone(), idle, ending.clone()));
    })
    .await;
    drop(ending);
    end.send_replace(());
    wait_for_answers(end.closed()).await;
}

/// One connection, to its end.
async fn carry(
    http: Builder<TokioExecutor>,
    stream: TcpStream,
    service: TowerToHyperService<Router>,
    idle: Duration,
    mut ending: watch::Receiver<()>,
) {
    let use_of_it = Use::default();
    let counted = service_fn(|request: Request<Incoming>| {
        let under_way = use_of_it.begin();
        let answer = service.call(request);
        async move {
            let answer: Result<Response<Body>, _> = answer.await;
            drop(under_way);
            answer
        }
    });
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), counted));
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = use_of_it.idle(idle) => {
            connection.as_mut().graceful_shutdown();
            // one that never spoke HTTP/2 hears no goodbye
            tokio::time::timeout(LAST_ANSWERS, connection).await.unwrap_or(Ok(()))
        }
        _ = ending.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

/// Requests under way on a connection, and when the last one ended.
#[derive(Clone)]
struct Use(Arc<Mutex<(usize, Instant)>>);

impl Default for Use {
    fn default() -> Self {
        Self(Arc::new(Mutex::new((0, Instant::now()))))
    }
}

impl Use {
    fn begin(&self) -> UnderWay {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 += 1;
        UnderWay(self.clone())
    }

    /// Until no request was under way for `long`.
    async fn idle(&self, long: Duration) {
        loop {
            let (under_way, last) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let since = if under_way > 0 { Instant::now() } else { last };
            if since.elapsed() >= long {
                return;
            }
            tokio::time::sleep_until(since + long).await;
        }
    }
}

struct UnderWay(Use);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = (state.0 - 1, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_is_idle_only_between_requests() {
        let long = Duration::from_millis(20);
        let use_of_it = Use::default();
        let (first, second) = (use_of_it.begin(), use_of_it.begin());
        drop(first);
        let waited = tokio::time::timeout(5 * long, use_of_it.idle(long)).await;
        assert!(waited.is_err(), "a request is under way");
        drop(second);
        let free = Instant::now();
        use_of_it.idle(long).await;
        assert!(free.elapsed() >= long);
    }
}
