//! Connections: taken, answered, and let go when the host stops. Who is silent is not kept.

use axum::{Router, extract::ConnectInfo};
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::{Backoffice, router};

/// How long a client may take for the head of a request, and be silent between two.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Connections at once; who comes then waits for one to end.
const MAX_CONNECTIONS: usize = 4_096;

/// How long answers may go on after the stop: turns get to end, a stream of one that does not is cut.
const LINGER: Duration = Duration::from_secs(8);

/// Pause after a connection that could not be taken, such as for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers requests until told to stop.
pub async fn serve(listener: TcpListener, backoffice: Arc<Backoffice>, stop: CancellationToken) {
    answer(listener, router(backoffice), MAX_CONNECTIONS, stop).await;
}

async fn answer(listener: TcpListener, app: Router, connections_at_once: usize, stop: CancellationToken) {
    let app = TowerToHyperService::new(app);
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let (places, ending) = (Arc::new(Semaphore::new(connections_at_once)), GracefulShutdown::new());
    let mut connections = JoinSet::new();
    loop {
        let taken = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            taken = take(&listener, &places) => taken,
        };
        let (stream, peer, place) = match taken {
            Ok(taken) => taken,
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "a connection could not be taken");
                continue;
            }
        };
        let app = app.clone();
        let answer = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            app.call(request)
        });
        let connection = server.serve_connection(TokioIo::new(stream), answer);
        let connection = ending.watch(connection);
        connections.spawn(async move {
            // How a connection ends is its client's affair.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(LINGER, ending.shutdown()).await.is_err() {
        tracing::warn!("connections that did not end were cut");
    }
}

/// The next connection, with a place among those at once.
async fn take(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // A word of a stream is sent when it is there, not when the one before has been acknowledged.
            stream.set_nodelay(true)?;
            Ok((stream, peer, place))
        }
        Err(error) => {
            tokio::time::sleep(PAUSE).await;
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests;
