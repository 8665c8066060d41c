//! Takes connections: a request's head has a time limit, and the end waits for the answers under way.

use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Requests under way at the end may take this long.
pub(crate) const LAST_ANSWERS: Duration = Duration::from_secs(10);
/// After an accept that failed for want of file descriptors, others may have been given back.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves `router` until `ended` tells. A connection whose next head is not complete within `head_timeout` is closed.
pub async fn serve(listener: TcpListener, router: Router, head_timeout: Duration, ended: watch::Receiver<()>) {
    let connections = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head_timeout);
    let service = TowerToHyperService::new(router);
    each_connection(listener, ended, |stream| {
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service.clone()));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke");
            }
        });
    })
    .await;
    wait_for_answers(connections.shutdown()).await;
}

/// Hands connections over until `ended` tells.
pub(crate) async fn each_connection(
    listener: TcpListener,
    mut ended: watch::Receiver<()>,
    mut serve: impl FnMut(TcpStream),
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = ended.changed() => break,
        };
        match accepted {
            Ok((stream, _)) => {
                without_delay(&stream);
                serve(stream);
            }
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Waits for the requests under way, not for ever.
pub(crate) async fn wait_for_answers(connections_ended: impl Future<Output = ()>) {
    if tokio::time::timeout(LAST_ANSWERS, connections_ended).await.is_err() {
        tracing::warn!("requests under way took too long, stopping without them");
    }
}

/// Small answers go out at once.
fn without_delay(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection stays slow");
    }
}
