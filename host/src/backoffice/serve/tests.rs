use axum::{middleware::from_fn, routing::post};
use std::pin::pin;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, timeout},
};

use super::{super::body, *};

/// A server with one room for so many; its clock runs as soon as nobody has anything to do.
async fn server(places: usize) -> (SocketAddr, CancellationToken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let app = Router::new().route("/", post(|body: String| async move { body })).layer(from_fn(body::in_time));
    tokio::task::spawn_local(answer(listener, app, places, stop.clone()));
    (address, stop)
}

async fn connect(address: SocketAddr, sent: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    stream
}

/// What comes until the server lets go, and after how long.
async fn rest(stream: &mut TcpStream) -> (String, Duration) {
    let (began, mut came) = (Instant::now(), Vec::new());
    let _ = stream.read_to_end(&mut came).await;
    (String::from_utf8_lossy(&came).into_owned(), began.elapsed())
}

const WHOLE: &str = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi";

async fn locally(test: impl Future<Output = ()>) {
    tokio::task::LocalSet::new().run_until(test).await;
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_let_go() {
    locally(async {
        let (address, _stop) = server(9).await;
        for said in ["", "POST / HTTP/1.1\r\nhost: x"] {
            let (came, after) = rest(&mut connect(address, said).await).await;
            assert!(!came.contains("200 OK"), "{came}");
            assert!(after >= HEAD_TIMEOUT && after < HEAD_TIMEOUT * 2, "{said:?}: {after:?}");
        }
        // One that was answered is kept for as long again.
        let (came, after) = rest(&mut connect(address, WHOLE).await).await;
        assert!(came.contains("200 OK") && came.ends_with("hi"), "{came}");
        assert!(after >= HEAD_TIMEOUT && after < HEAD_TIMEOUT * 2, "{after:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_end_is_cut() {
    locally(async {
        let (address, _stop) = server(9).await;
        let mut stream = connect(address, "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n").await;
        let began = Instant::now();
        let mut trickle = tokio::time::interval(Duration::from_secs(9));
        while began.elapsed() < Duration::from_mins(5) && stream.write_all(b"x").await.is_ok() {
            trickle.tick().await;
            let mut came = [0; 15];
            if let Ok(Ok(15)) = timeout(Duration::from_millis(1), stream.read_exact(&mut came)).await {
                assert!(came.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&came));
                break;
            }
        }
        assert!(began.elapsed() >= Duration::from_mins(1) && began.elapsed() < Duration::from_secs(90));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn more_than_there_are_places_for_wait() {
    locally(async {
        let (address, stop) = server(1).await;
        let first = connect(address, "").await;
        let mut second = connect(address, WHOLE).await;
        let mut answered = pin!(rest(&mut second));
        assert!(timeout(HEAD_TIMEOUT / 2, &mut answered).await.is_err(), "there is no place for it");
        drop(first);
        let (came, _) = answered.await;
        assert!(came.contains("200 OK"), "{came}");
        stop.cancel();
    })
    .await;
}
