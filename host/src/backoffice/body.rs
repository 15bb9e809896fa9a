//! The body of a request comes within a time, as a whole: who sends a byte now and then would keep a connection for
//! ever.

use axum::{
    BoxError,
    body::{Body, Bytes, HttpBody},
    extract::Request,
    middleware::Next,
    response::Response,
};
use hyper::body::{Frame, SizeHint};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Sleep, sleep};

use super::MAX_BODY_BYTES;

/// How long a body may take, and a large one, which only an upload has.
const WHOLE: Duration = Duration::from_mins(1);
const WHOLE_UPLOAD: Duration = Duration::from_mins(5);

/// Ends a body whose time is over.
pub async fn in_time(request: Request, next: Next) -> Response {
    // Nothing is waited for where nothing comes.
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let small = request.body().size_hint().upper().is_some_and(|most| most <= MAX_BODY_BYTES as u64);
    let over = Box::pin(sleep(if small { WHOLE } else { WHOLE_UPLOAD }));
    next.run(request.map(|body| Body::new(InTime { body, over }))).await
}

struct InTime {
    body: Body,
    over: Pin<Box<Sleep>>,
}

impl HttpBody for InTime {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.over.as_mut().poll(context).is_ready() {
            let late = io::Error::new(io::ErrorKind::TimedOut, "the body did not come in time");
            return Poll::Ready(Some(Err(late.into())));
        }
        Pin::new(&mut self.body).poll_frame(context).map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
