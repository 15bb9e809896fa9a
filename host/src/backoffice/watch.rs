//! A running turn as server-sent events. Whoever watches may leave; the turn goes on.

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, stream};
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
struct Watch {
    events: Receiver<TurnEvent>,
    /// The end as the database tells it: for a turn that had ended, or that another host runs.
    end: Pin<Box<dyn Future<Output = Result<TurnReply, StoreError>> + Send>>,
    /// What is sent before anything else.
    first: Option<Event>,
    over: bool,
}

/// Events `accepted`, then `step`, `progress`, `delta`, `reset`, and `done` or `error`.
pub fn stream(
    agent: &Arc<Agent>,
    turn: TurnId,
    conversation: ConversationId,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let events = agent.watch(turn);
    let waiting = agent.clone();
    let watch = Watch {
        events,
        end: Box::pin(async move { waiting.wait(turn).await }),
        first: Some(event("accepted", &json!({ "turn_id": turn, "conversation": conversation }))),
        over: false,
    };
    let stream = stream::unfold(watch, |mut watch| async {
        let event = watch.next().await?;
        Some((Ok(event), watch))
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

impl Watch {
    async fn next(&mut self) -> Option<Event> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        if self.over {
            return None;
        }
        loop {
            tokio::select! {
                biased;
                happened = self.events.recv() => match happened {
                    Ok(happened) => return Some(self.told(happened)),
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => break,
                },
                ended = &mut self.end => return Some(self.ended(ended)),
            }
        }
        let ended = (&mut self.end).await;
        Some(self.ended(ended))
    }

    fn told(&mut self, happened: TurnEvent) -> Event {
        match happened {
            TurnEvent::Step(step) => event("step", &step),
            TurnEvent::Progress(progress) => event("progress", &progress),
            TurnEvent::Delta { text } => event("delta", &json!({ "text": text })),
            TurnEvent::Reset => event("reset", &json!({})),
            TurnEvent::Done(reply) => self.ended(Ok(reply)),
        }
    }

    fn ended(&mut self, reply: Result<TurnReply, StoreError>) -> Event {
        self.over = true;
        match reply {
            Ok(reply) => event("done", &ChatReply::from(reply)),
            Err(error) => event("error", &json!({ "problem": Problem::from(error).document() })),
        }
    }
}

fn event(name: &str, data: &impl Serialize) -> Event {
    let data = serde_json::to_string(data).expect("events are plain data");
    Event::default().event(name).data(data)
}
