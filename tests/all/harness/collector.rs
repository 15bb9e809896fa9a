//! A collector of OpenTelemetry, as far as spans over OTLP/HTTP go.

use opentelemetry_proto::tonic::{collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span};
use prost::Message;
use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncWriteExt, BufReader},
    net::TcpListener,
    task::JoinSet,
};

use super::{model::read_request, strict};

/// What a request to it must carry.
pub const TOKEN: &str = "Bearer of-the-collector";

/// Ends with its last holder.
pub struct Collector {
    port: u16,
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
    _server: JoinSet<()>,
}

impl Collector {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let bodies = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        let mut server = JoinSet::new();
        server.spawn(serve(listener, bodies.clone()));
        Self { port, bodies, _server: server }
    }

    /// The environment that has a host send to it.
    pub fn envs(&self) -> [(String, String); 2] {
        [
            ("SKILLET__TELEMETRY__OTLP_ENDPOINT".to_owned(), format!("http://127.0.0.1:{}/", self.port)),
            ("SKILLET__TELEMETRY__OTLP_HEADERS".to_owned(), format!("Authorization={TOKEN}, X-Scope=me")),
        ]
    }

    /// All that came, as bytes.
    pub fn bytes(&self) -> Vec<u8> {
        self.bodies.lock().unwrap().concat()
    }

    pub fn spans(&self) -> Vec<Span> {
        let bodies = self.bodies.lock().unwrap();
        let requests = bodies.iter().map(|body| ExportTraceServiceRequest::decode(&**body).unwrap());
        let scopes = requests.flat_map(|request| request.resource_spans).flat_map(|spans| spans.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }
}

async fn serve(listener: TcpListener, bodies: Arc<Mutex<Vec<Vec<u8>>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let mut stream = BufReader::new(stream);
        // A connection may bring several requests.
        while let Ok((head, body)) = read_request(&mut stream).await {
            let fits = head[0] == "POST /v1/traces HTTP/1.1"
                && strict::header(&head, "content-type") == Some("application/x-protobuf")
                && strict::header(&head, "authorization") == Some(TOKEN)
                && strict::header(&head, "x-scope") == Some("me");
            let status = if fits { "200 OK" } else { "400 Bad Request" };
            if fits {
                bodies.lock().unwrap().push(body);
            }
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
            if stream.get_mut().write_all(answer.as_bytes()).await.is_err() {
                break;
            }
        }
    }
}
