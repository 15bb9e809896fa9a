//! `wasi:http` on top of the gate. Bodies are taken whole, within the gate's caps, and count against the room that
//! a run has.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{runtime::Handle, sync::Semaphore};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::super::{
    egress::{Egress, Incoming, Outgoing, Refusal},
    host::{CallState, MAX_REQUEST_BYTES, Passed, Reach},
    limits::Limits,
    threads::run_on,
};
use super::{
    room::{Room, Share},
    told::{NoAnswer, Teller},
};

/// Bytes that the guest hands over in one write of a body.
const CHUNK_BYTES: usize = 64 << 10;

/// Requests of one run that are out at once; the others wait. What comes in is held by the gate until it is whole.
const AT_ONCE: usize = 8;

type Answered = Result<hyper::Response<WasiBody>, Error>;
type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;

/// The way of one run to the network.
#[derive(Clone)]
pub struct Network {
    reach: Option<(Egress, Reach, Instant)>,
    used: Arc<Mutex<Used>>,
    threads: Handle,
    teller: Teller,
    passed: Arc<Passed>,
    limits: Limits,
    room: Arc<Room>,
    out: Arc<Semaphore>,
}

/// What became of the requests of a run.
#[derive(Clone, Default)]
pub struct Used {
    pub sent: bool,
    pub refused: Vec<(&'static str, Option<String>)>,
}

impl Network {
    pub fn new(state: &CallState, teller: Teller) -> Self {
        let world = state.world.as_ref();
        let reach = world.map(|world| (world.egress.clone(), world.reach.clone(), state.deadline));
        Self {
            reach,
            used: Arc::default(),
            threads: state.threads.clone(),
            teller,
            passed: state.passed.clone(),
            limits: state.limits,
            // As much again as the guest may have itself.
            room: Room::new(state.limits.memory_bytes),
            out: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    pub fn used(&self) -> Used {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks through the gate, or has the answer of the run that is replayed.
    async fn ask(self, outgoing: Outgoing, options: Option<RequestOptions>) -> Result<Incoming, NoAnswer> {
        let asked = format!("{} {}", outgoing.method, outgoing.url);
        match self.teller.answered(&asked) {
            // As in the recorded run, nothing comes until its end.
            Some(Err(NoAnswer::Unanswered)) => return std::future::pending().await,
            Some(answer) => return answer,
            None => {}
        }
        let (egress, reach, deadline) = self.reach.ok_or(NoAnswer::Denied)?;
        let place = self.teller.begin(asked);
        let _one_of_few = self.out.acquire().await;
        let (wanted, there) = (options.and_then(wanted), reach.clone());
        let exchange = async move { there.exchange(&egress, outgoing, wanted, deadline).await };
        let outcome = run_on(&self.threads, exchange).await;
        let wish = outcome.as_ref().err().and_then(|refusal| reach.asked_for(refusal));
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.sent |= outcome.as_ref().map_or_else(Refusal::request_sent, |_| true);
        used.refused.extend(wish.map(|wish| ("http", Some(wish))));
        drop(used);
        if let Ok(incoming) = &outcome {
            self.passed.exchanged(incoming);
        }
        self.teller.keep(place, outcome.as_ref().map_err(no_answer));
        outcome.map_err(|refusal| no_answer(&refusal))
    }
}

impl WasiHttpHooks for Network {
    fn send_request(
        &mut self,
        request: hyper::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Io,
    ) -> Box<dyn Future<Output = Result<(hyper::Response<WasiBody>, Io), Error>> + Send> {
        let way = self.clone();
        Box::new(async move {
            let incoming = way.clone().ask(way.outgoing(request).await?, options).await.map_err(told)?;
            let mut share = way.room.share();
            share.grow(incoming.body.len() as u64).map_err(|_| told(NoAnswer::TooLarge))?;
            let mut response = hyper::Response::builder().status(incoming.status);
            for (name, value) in incoming.headers {
                response = response.header(name, value);
            }
            let body = Full::new(share.hold(incoming.body)).map_err(|never| match never {}).boxed_unsync();
            let response: Answered = response.body(body).map_err(|_| Error::HttpProtocolError);
            Ok((response?, Box::new(async { Ok(()) }) as Io))
        })
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        CHUNK_BYTES
    }
}

impl Network {
    /// The request as the gate takes it; it counts as a call of the host, with its body.
    async fn outgoing(&self, request: hyper::Request<WasiBody>) -> Result<Outgoing, Error> {
        let (parts, body) = request.into_parts();
        let url = parts.uri.to_string();
        let headers: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        self.passed.call((url.len() + headers) as u64, &self.limits).map_err(|_| Error::HttpRequestDenied)?;
        let body = self.body(body).await?;
        // The gate sets the framing itself, and takes no word of the guest's for it.
        let framing = [
            hyper::header::ACCEPT_ENCODING,
            hyper::header::HOST,
            hyper::header::CONTENT_LENGTH,
            hyper::header::TRANSFER_ENCODING,
        ];
        let headers = parts.headers.iter().filter(|(name, _)| !framing.contains(name));
        Ok(Outgoing {
            method: parts.method.to_string(),
            url,
            headers: headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect(),
            body,
        })
    }

    /// The whole body. One that is too large is read to its end and kept no more, since a guest that cannot write the
    /// rest breaks; it learns by the answer.
    async fn body(&self, mut body: WasiBody) -> Result<Bytes, Error> {
        let (mut share, mut whole): (Share, Vec<u8>) = (self.room.share(), Vec::new());
        let mut fits = true;
        while let Some(frame) = body.frame().await {
            let Ok(piece) = frame?.into_data() else { continue };
            fits = fits && self.takes(&mut share, whole.len(), piece.len());
            if fits {
                whole.extend_from_slice(&piece);
            } else {
                (share, whole) = (self.room.share(), Vec::new());
            }
        }
        if fits { Ok(share.hold(whole)) } else { Err(Error::HttpRequestBodySize(None)) }
    }

    /// Whether there is room for another piece of a body.
    fn takes(&self, share: &mut Share, before: usize, piece: usize) -> bool {
        let passed = self.passed.more(piece as u64, &self.limits).is_ok();
        before + piece <= MAX_REQUEST_BYTES && passed && share.grow(piece as u64).is_ok()
    }
}

/// How long the guest wants to wait until the answer begins.
fn wanted(options: RequestOptions) -> Option<Duration> {
    let parts = [options.connect_timeout, options.first_byte_timeout];
    parts.iter().all(Option::is_some).then(|| parts.into_iter().flatten().sum())
}

fn no_answer(refusal: &Refusal) -> NoAnswer {
    match refusal {
        Refusal::Denied(_) | Refusal::DeniedRedirect(_) | Refusal::NotGranted { .. } => NoAnswer::Denied,
        Refusal::Invalid(_) => NoAnswer::Invalid,
        Refusal::Timeout { .. } => NoAnswer::Timeout,
        Refusal::TooLarge { .. } => NoAnswer::TooLarge,
        Refusal::Unreachable { .. } => NoAnswer::Unreachable,
    }
}

fn told(reason: NoAnswer) -> Error {
    match reason {
        NoAnswer::Denied => Error::HttpRequestDenied,
        NoAnswer::Invalid => Error::HttpRequestUriInvalid,
        NoAnswer::Timeout | NoAnswer::Unanswered => Error::ConnectionTimeout,
        NoAnswer::TooLarge => Error::HttpResponseBodySize(None),
        NoAnswer::Unreachable => Error::DestinationUnavailable,
        NoAnswer::Diverged => Error::InternalError(Some("the replay went another way".to_owned())),
    }
}
