//! The model `skillet`: a turn of the agent. Clients send the whole conversation each time; the agent keeps
//! its own, which is found again by what was said before.

use axum::{
    Json,
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use futures_util::{Stream, StreamExt, stream};
use std::{convert::Infallible, sync::Arc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    super::{Backoffice, auth::Actor, watch::Watch},
    error::Refusal,
    request::{ChatRequest, Message},
    wire::{Envelope, done},
};
use crate::{
    agent::{self, Agent, NewMessage, TurnEvent, TurnReply},
    gateway::{Finish, Tokens},
    ids::ConversationId,
    store::{Channel, StoreError},
};

/// Conversations that are found again by what was said in them.
const KNOWN: u64 = 4096;

/// Characters of what was said before that are taken along where the conversation is not known.
const MAX_EARLIER: usize = 16_000;

/// Conversations by a fingerprint of their messages and of who has them.
pub struct Conversations(moka::sync::Cache<[u8; 32], ConversationId>);

impl Default for Conversations {
    fn default() -> Self {
        Self(moka::sync::Cache::new(KNOWN))
    }
}

pub async fn answer(backoffice: &Arc<Backoffice>, actor: &Actor, asked: ChatRequest) -> Result<Response, Refusal> {
    let last = asked.messages.last().filter(|message| message.role == "user");
    let last = last.ok_or_else(|| Refusal::invalid("messages", "The last message must be of the role `user`."))?;
    let text = last.text()?;
    let earlier = &asked.messages[..asked.messages.len() - 1];
    let mut said = Fingerprint::new(actor);
    for message in earlier.iter().filter(|message| message.role != "system") {
        said.add(&message.role, &message.text()?);
    }
    let known = backoffice.conversations.0.get(&said.end());
    let envelope = agent::Envelope {
        attached: if known.is_some() { None } else { transcript(earlier)? },
        token: actor.token(),
        ..agent::Envelope::default()
    };
    let message = NewMessage {
        user: backoffice.sender(actor, None).await?,
        conversation: known,
        channel: Channel::Api,
        text: text.clone(),
        key: None,
        envelope,
    };
    let (conversation, accepted) = backoffice
        .agent
        .submit(message)
        .await
        .map_err(|error| Refusal::from(super::super::error::Problem::from(error)))?;
    said.add("user", &text);
    let turn = accepted.turn();
    let continuation = Continuation { backoffice: backoffice.clone(), said, conversation };
    let envelope = Envelope {
        id: format!("chatcmpl-{}", turn.0.simple()),
        created: backoffice.clock.now().timestamp(),
        model: asked.model.clone(),
    };
    let leaving = Leaving::new(backoffice, conversation);
    if asked.stream {
        let telling = Telling {
            watch: Watch::new(&backoffice.agent, turn),
            envelope,
            wants_usage: asked.wants_usage(),
            continuation: Some(continuation),
            leaving,
            sent: String::new(),
        };
        return Ok(Sse::new(telling.events()).into_response());
    }
    let reply = backoffice.agent.wait(turn).await?;
    leaving.stay();
    continuation.remember(&reply);
    Ok(Json(envelope.whole(&reply.reply, &[], Finish::Stop, &tokens(&reply))).into_response())
}

fn tokens(reply: &TurnReply) -> Tokens {
    Tokens { input: reply.usage.input_tokens, output: reply.usage.output_tokens, ..Tokens::default() }
}

/// What was said before, for an agent that has not heard it: data, not instructions.
fn transcript(earlier: &[Message]) -> Result<Option<String>, Refusal> {
    let mut lines = Vec::new();
    for message in earlier.iter().filter(|message| matches!(message.role.as_str(), "user" | "assistant")) {
        lines.push(format!("{}: {}", message.role, message.text()?));
    }
    let text = lines.join("\n");
    let skipped = text.chars().count().saturating_sub(MAX_EARLIER);
    let text: String = text.chars().skip(skipped).collect();
    Ok((!text.is_empty()).then(|| format!("[earlier in this conversation]\n{text}\n")))
}

/// Everything that was said, in few bytes.
#[derive(Clone)]
struct Fingerprint(blake3::Hasher);

impl Fingerprint {
    fn new(actor: &Actor) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(actor.name().as_bytes());
        Self(hasher)
    }

    fn add(&mut self, role: &str, text: &str) {
        for part in [role, text.trim()] {
            self.0.update(&(part.len() as u64).to_le_bytes());
            self.0.update(part.as_bytes());
        }
    }

    fn end(&self) -> [u8; 32] {
        *self.0.finalize().as_bytes()
    }
}

/// Where a conversation is found again after its reply.
struct Continuation {
    backoffice: Arc<Backoffice>,
    said: Fingerprint,
    conversation: ConversationId,
}

impl Continuation {
    fn remember(mut self, reply: &TurnReply) {
        self.said.add("assistant", &reply.reply);
        self.backoffice.conversations.0.insert(self.said.end(), self.conversation);
    }
}

/// Stops the turn when the client leaves before its end: nobody would read what is paid for.
struct Leaving {
    agent: Arc<Agent>,
    tasks: TaskTracker,
    conversation: ConversationId,
    stays: CancellationToken,
}

impl Leaving {
    fn new(backoffice: &Arc<Backoffice>, conversation: ConversationId) -> Self {
        let (agent, tasks) = (backoffice.agent.clone(), backoffice.tasks.clone());
        Self { agent, tasks, conversation, stays: CancellationToken::new() }
    }

    fn stay(&self) {
        self.stays.cancel();
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        if self.stays.is_cancelled() {
            return;
        }
        let (agent, conversation) = (self.agent.clone(), self.conversation);
        self.tasks.spawn(async move {
            if let Err(error) = agent.stop(conversation).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "a turn that nobody waits for goes on");
            }
        });
    }
}

/// A turn that is told in OpenAI's chunks.
struct Telling {
    watch: Watch,
    envelope: Envelope,
    wants_usage: bool,
    continuation: Option<Continuation>,
    leaving: Leaving,
    /// What has been sent. A client cannot take words back.
    sent: String,
}

impl Telling {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        let role = self.envelope.role();
        let rest = stream::unfold(self, async |mut telling| {
            let happened = telling.watch.next().await?;
            Some((stream::iter(telling.chunks(happened)), telling))
        });
        stream::iter([role]).chain(rest.flatten()).map(Ok)
    }

    fn chunks(&mut self, happened: Result<TurnEvent, StoreError>) -> Vec<Event> {
        match happened {
            Ok(TurnEvent::Delta { text }) => {
                self.sent.push_str(&text);
                vec![self.envelope.text(&text)]
            }
            Ok(TurnEvent::Reset) if !self.sent.is_empty() => {
                self.sent.push_str("\n\n");
                vec![self.envelope.text("\n\n")]
            }
            Ok(TurnEvent::Done(reply)) => self.end(&reply),
            Ok(TurnEvent::Reset | TurnEvent::Step(_) | TurnEvent::Progress(_)) => Vec::new(),
            // No mark of an end: what is cut is not a success.
            Err(error) => vec![Event::default().data(Refusal::from(error).body().to_string())],
        }
    }

    fn end(&mut self, reply: &TurnReply) -> Vec<Event> {
        self.leaving.stay();
        let sent = self.sent.trim();
        let missing = match (reply.reply.strip_prefix(sent), reply.reply.strip_suffix(sent)) {
            (Some(rest), _) => rest.to_owned(),
            // What is said in front of an answer comes behind it: words cannot be put before others.
            (None, Some(note)) if !note.trim().is_empty() => format!("\n\n{}", note.trim()),
            (None, Some(_)) => String::new(),
            (None, None) if sent.ends_with(&reply.reply) => String::new(),
            (None, None) => format!("\n\n{}", reply.reply),
        };
        let mut events = Vec::new();
        if !missing.is_empty() {
            events.push(self.envelope.text(&missing));
        }
        events.push(self.envelope.end(Finish::Stop));
        if self.wants_usage {
            events.push(self.envelope.usage(&tokens(reply)));
        }
        events.push(done());
        if let Some(continuation) = self.continuation.take() {
            continuation.remember(reply);
        }
        events
    }
}
