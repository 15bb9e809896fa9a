//! Servers that do as they like.

use std::{
    future::Future,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// A server that ends with its test.
pub struct Server {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl Server {
    /// Answers every request with what the function makes of it.
    pub async fn answering(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let answer = Arc::new(answer);
        Self::start(move |mut stream, request| {
            let answer = answer.clone();
            async move {
                // A client that has heard enough closes.
                let _ = stream.write_all(&answer(&request)).await;
                let _ = stream.shutdown().await;
            }
        })
        .await
    }

    /// Leaves the connection to the function once a request is read.
    pub async fn start<F: Future<Output = ()> + Send>(
        serve: impl Fn(TcpStream, String) -> F + Send + Sync + 'static,
    ) -> Self {
        let serve = Arc::new(serve);
        Self::accepting(move |mut stream, seen| {
            let serve = serve.clone();
            async move {
                if let Some(request) = read_request(&mut stream).await {
                    seen.lock().unwrap().push(request.clone());
                    serve(stream, request).await;
                }
            }
        })
        .await
    }

    /// Reads requests and says nothing.
    pub async fn holding() -> Self {
        Self::start(|stream, _| async move {
            let _open = stream;
            std::future::pending::<()>().await;
        })
        .await
    }

    /// Leaves every connection to the function.
    pub async fn accepting<F: Future<Output = ()> + Send>(
        serve: impl Fn(TcpStream, Arc<Mutex<Vec<String>>>) -> F + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, serve) = (seen.clone(), Arc::new(serve));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (serve, log) = (serve.clone(), log.clone());
                connections.spawn(async move { serve(stream, log).await });
            }
        });
        Self { address, seen, _tasks: tasks }
    }

    /// The host as a rule.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests so far, head and body.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

/// Head and body of one request; `None` from a client that closed.
pub async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text);
            }
        }
        match stream.read(&mut chunk).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&chunk[..read]),
            _ => return None,
        }
    }
}

/// A whole response with its length.
pub fn response(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!("HTTP/1.1 {status}\r\n{headers}connection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

pub fn redirect(status: u16, location: &str) -> Vec<u8> {
    response(&format!("{status} Elsewhere"), &format!("location: {location}\r\n"), "")
}
