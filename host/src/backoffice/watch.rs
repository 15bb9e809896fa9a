//! A running turn as server-sent events. Whoever watches may leave; the turn goes on.

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt, stream};
use serde::Serialize;
use serde_json::json;
use std::{convert::Infallible, pin::Pin, sync::Arc, time::Duration};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{api::chat::ChatReply, error::Problem};
use crate::{
    agent::{Agent, TurnEvent, TurnReply},
    ids::{ConversationId, TurnId},
    store::StoreError,
};

/// Silence after which a comment is sent, so that proxies keep the connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A turn that is watched to its end.
pub struct Watch {
    events: Receiver<TurnEvent>,
    /// The end as the database tells it: for a turn that had ended, or that another host runs.
    end: Pin<Box<dyn Future<Output = Result<TurnReply, StoreError>> + Send>>,
    over: bool,
}

impl Watch {
    pub fn new(agent: &Arc<Agent>, turn: TurnId) -> Self {
        let events = agent.watch(turn);
        let waiting = agent.clone();
        Self { events, end: Box::pin(async move { waiting.wait(turn).await }), over: false }
    }

    /// What happens next; nothing after the end, which is [`TurnEvent::Done`] or an error.
    pub async fn next(&mut self) -> Option<Result<TurnEvent, StoreError>> {
        if self.over {
            return None;
        }
        let happened = loop {
            tokio::select! {
                biased;
                happened = self.events.recv() => match happened {
                    Ok(happened) => break Ok(happened),
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => break (&mut self.end).await.map(TurnEvent::Done),
                },
                ended = &mut self.end => break ended.map(TurnEvent::Done),
            }
        };
        self.over = matches!(happened, Ok(TurnEvent::Done(_)) | Err(_));
        Some(happened)
    }
}

/// Events `accepted`, then `step`, `progress`, `delta`, `reset`, and `done` or `error`.
pub fn stream(
    agent: &Arc<Agent>,
    turn: TurnId,
    conversation: ConversationId,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let first = event("accepted", &json!({ "turn_id": turn, "conversation": conversation }));
    let rest = stream::unfold(Watch::new(agent, turn), async |mut watch| Some((told(watch.next().await?), watch)));
    let stream = stream::iter([first]).chain(rest).map(Ok);
    Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

fn told(happened: Result<TurnEvent, StoreError>) -> Event {
    match happened {
        Ok(TurnEvent::Step(step)) => event("step", &step),
        Ok(TurnEvent::Progress(progress)) => event("progress", &progress),
        Ok(TurnEvent::Delta { text }) => event("delta", &json!({ "text": text })),
        Ok(TurnEvent::Reset) => event("reset", &json!({})),
        Ok(TurnEvent::Done(reply)) => event("done", &ChatReply::from(reply)),
        Err(error) => event("error", &json!({ "problem": Problem::from(error).document() })),
    }
}

fn event(name: &str, data: &impl Serialize) -> Event {
    let data = serde_json::to_string(data).expect("events are plain data");
    Event::default().event(name).data(data)
}
