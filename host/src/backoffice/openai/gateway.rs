//! A tier's name as the model: the governed gateway, without memory and skills.

use axum::{
    Json,
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use futures_util::{FutureExt, Stream, StreamExt, future, stream};
use std::{convert::Infallible, sync::Arc};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use uuid::Uuid;

use super::{
    super::{Backoffice, auth::Actor},
    account,
    error::Refusal,
    request::ChatRequest,
    wire::{Envelope, done},
};
use crate::gateway::{Answer, GatewayError, Purpose, Request, Tier};

/// What happens in a stream.
enum Told {
    Text(String),
    End(Result<Answer, GatewayError>),
}

pub async fn answer(
    backoffice: &Arc<Backoffice>,
    actor: &Actor,
    tier: Tier,
    mut asked: ChatRequest,
) -> Result<Response, Refusal> {
    let gateway = backoffice.gateway.clone();
    if gateway.models(tier).is_empty() {
        return Err(Refusal::no_model(tier.word()));
    }
    let (wants_stream, wants_usage, short) = (asked.stream, asked.wants_usage(), asked.is_short());
    let (max_output_tokens, options) = (asked.max_tokens(), asked.options()?);
    let budget = backoffice.config.gateway.api_token_budget;
    let count = move || asked.prompt(budget, &options).map(|prompt| (prompt, options));
    let (prompt, options) = if short {
        count()?
    } else {
        // Counting a long conversation takes a while, in which others are answered.
        let counting = tokio::task::spawn_blocking(count);
        counting.await.map_err(|_| Refusal::invalid("messages", "They cannot be counted."))??
    };
    let asked = Request::new(Purpose::Api, tier, prompt, account(backoffice, actor).await?);
    let request = Request { options, max_output_tokens, stream: wants_stream, ..asked };
    let envelope = Envelope {
        id: format!("chatcmpl-{}", Uuid::now_v7().simple()),
        created: backoffice.clock.now().timestamp(),
        model: tier.word().to_owned(),
    };
    if !wants_stream {
        let answer = gateway.complete(&request, &mut |_| {}).await?;
        let tokens = answer.tokens.unwrap_or_default();
        return Ok(Json(envelope.whole(&answer.text, &answer.tool_calls, answer.finish, &tokens)).into_response());
    }
    let (teller, told) = mpsc::unbounded_channel();
    // Part of the body: a client that leaves drops it, and with it the question to the model.
    let asking = async move {
        let mut on_text = |text: &str| drop(teller.send(Told::Text(text.to_owned())));
        let result = gateway.complete(&request, &mut on_text).await;
        drop(teller.send(Told::End(result)));
    };
    let asking = asking.into_stream().filter_map(|()| future::ready(None));
    let mut telling = stream::select(Box::pin(asking), Box::pin(listen(told)));
    // Nothing is promised before there is something: until the first word a refusal has its own status.
    match telling.next().await {
        Some(Told::End(Err(error))) => Err(error.into()),
        first => {
            let events = events(stream::iter(first).chain(telling), envelope, wants_usage);
            Ok(Sse::new(events).into_response())
        }
    }
}

fn listen(told: UnboundedReceiver<Told>) -> impl Stream<Item = Told> {
    stream::unfold(told, async |mut told| Some((told.recv().await?, told)))
}

fn events(
    telling: impl Stream<Item = Told>,
    envelope: Envelope,
    wants_usage: bool,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let role = envelope.role();
    let rest = telling.flat_map(move |told| {
        let events = match told {
            Told::Text(text) => vec![envelope.text(&text)],
            Told::End(Ok(answer)) => {
                let mut events = Vec::new();
                if !answer.tool_calls.is_empty() {
                    events.push(envelope.calls(&answer.tool_calls));
                }
                events.push(envelope.end(answer.finish));
                if wants_usage {
                    events.push(envelope.usage(&answer.tokens.unwrap_or_default()));
                }
                events.push(done());
                events
            }
            // No mark of an end: what is cut is not a success.
            Told::End(Err(error)) => vec![Event::default().data(Refusal::from(error).body().to_string())],
        };
        stream::iter(events)
    });
    stream::iter([role]).chain(rest).map(Ok)
}
