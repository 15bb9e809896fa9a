//! Talking to the agent.

use askama::Template;
use axum::{
    extract::State,
    response::{Html, IntoResponse, Redirect, Response},
};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::HashSet, sync::Arc};
use uuid::Uuid;

use super::{
    super::{
        Backoffice,
        auth::{Actor, CsrfForm},
        error::{Kind, Problem, Result},
        extract::Path,
        markdown,
        token::new_secret,
        watch,
    },
    Page, html,
};
use crate::{
    agent::{Envelope, NewMessage, shown_summary},
    ids::{ConversationId, TurnId, UserId},
    store::{Channel, Conversation, FileRow, Message},
};

const MAX_CONVERSATIONS: i64 = 100;
const MAX_MESSAGES: i64 = 400;

#[derive(Template)]
#[template(path = "chat.html")]
struct ChatPage {
    page: Page,
    conversations: Vec<Conversation>,
    /// The one that is shown; a new one has none.
    current: Option<Conversation>,
    /// What prompts have in place of the older messages.
    earlier: Option<String>,
    messages: Vec<Said>,
    /// A sent form that is sent again is the same message.
    key: String,
    /// Texts for the script, as JSON.
    words: String,
}

/// A message as it is shown.
pub struct Said {
    /// Nothing for what answers no message, such as a reminder.
    turn: Option<TurnId>,
    mine: bool,
    /// HTML that was cleaned, or the plain text of what a person wrote.
    content: String,
    at: DateTime<Utc>,
    skills: Vec<Used>,
    tier: String,
    /// What came with it.
    files: Vec<FileRow>,
    /// True for a message whose reply is still to come.
    waits: bool,
}

/// A skill that a reply used, or that a model made up.
struct Used {
    name: String,
    /// Whether it has a page.
    known: bool,
}

#[derive(Template)]
#[template(path = "message.html")]
struct ReplyPart {
    page: Page,
    said: Said,
}

#[derive(Deserialize)]
pub struct MessageForm {
    message: String,
    #[serde(default)]
    key: String,
}

/// `GET /`: the newest conversation is where one goes on.
pub async fn home() -> Redirect {
    Redirect::to("/chat")
}

/// `GET /chat`: a new conversation.
pub async fn fresh(State(backoffice): State<Arc<Backoffice>>, actor: Actor, page: Page) -> Result<Response> {
    let conversations = backoffice.db.conversations(owner(&actor)?, MAX_CONVERSATIONS).await?;
    let words = words(&page);
    html(&ChatPage {
        page,
        conversations,
        current: None,
        earlier: None,
        messages: Vec::new(),
        key: new_secret(),
        words,
    })
}

/// `GET /chat/{conversation}`
pub async fn show(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    page: Page,
    Path(id): Path<Uuid>,
) -> Result<Response> {
    let owner = owner(&actor)?;
    let id = ConversationId(id);
    let current = own_conversation(&backoffice, owner, id).await?;
    let messages = backoffice.db.messages(id, MAX_MESSAGES).await?;
    let answered: HashSet<TurnId> =
        messages.iter().filter(|message| message.role == "assistant").filter_map(|message| message.turn_id).collect();
    let known = known_skills(&backoffice).await?;
    let mut said: Vec<Said> = messages.into_iter().map(|message| Said::of(message, &answered, &known)).collect();
    for file in backoffice.db.files(id).await? {
        if let Some(said) = said.iter_mut().find(|said| said.mine && said.turn == Some(file.turn_id)) {
            said.files.push(file);
        }
    }
    let conversations = backoffice.db.conversations(owner, MAX_CONVERSATIONS).await?;
    let words = words(&page);
    let earlier = backoffice.db.folded(id).await?.map(|folded| shown_summary(&folded));
    html(&ChatPage { page, conversations, current: Some(current), earlier, messages: said, key: new_secret(), words })
}

/// `POST /chat`: the first message of a conversation, without the script.
pub async fn send(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    CsrfForm(form): CsrfForm<MessageForm>,
) -> Result<Redirect> {
    say(&backoffice, &actor, None, form).await
}

/// `POST /chat/{conversation}`
pub async fn send_to(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(id): Path<Uuid>,
    CsrfForm(form): CsrfForm<MessageForm>,
) -> Result<Redirect> {
    say(&backoffice, &actor, Some(ConversationId(id)), form).await
}

async fn say(
    backoffice: &Backoffice,
    actor: &Actor,
    conversation: Option<ConversationId>,
    form: MessageForm,
) -> Result<Redirect> {
    // Another text in the same form, after the browser's way back, is another message.
    let key = (!form.key.is_empty()).then(|| format!("{}:{}", form.key, form.message));
    let message = NewMessage {
        user: owner(actor)?,
        conversation,
        channel: Channel::Web,
        text: form.message,
        key,
        envelope: Envelope::default(),
    };
    let (conversation, _) = backoffice.agent.submit(message).await?;
    Ok(Redirect::to(&format!("/chat/{conversation}#end")))
}

/// `POST /chat/{conversation}/stop`: what runs there is to stop.
pub async fn stop(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(id): Path<Uuid>,
    CsrfForm(()): CsrfForm<()>,
) -> Result<Redirect> {
    let conversation = own_conversation(&backoffice, owner(&actor)?, ConversationId(id)).await?;
    backoffice.stop_turns(&actor, conversation.id).await?;
    Ok(Redirect::to(&format!("/chat/{id}#end")))
}

/// `GET /chat/turns/{turn}/events`: what is left to see of a turn, after a page was loaded again.
pub async fn events(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(id): Path<Uuid>,
) -> Result<impl IntoResponse> {
    let turn = own_turn(&backoffice, &actor, id).await?;
    Ok(watch::stream(&backoffice.agent, turn.id, turn.conversation_id))
}

/// `GET /chat/turns/{turn}/reply`: a reply as the page shows it.
pub async fn reply(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    page: Page,
    Path(id): Path<Uuid>,
) -> Result<Response> {
    let turn = own_turn(&backoffice, &actor, id).await?;
    let messages = backoffice.db.turn_messages(turn.id).await?;
    let reply = messages.into_iter().find(|message| message.role == "assistant");
    let reply = reply.ok_or_else(|| Problem::new(Kind::NotFound, "The turn has no reply yet."))?;
    let said = Said::of(reply, &HashSet::new(), &known_skills(&backoffice).await?);
    Ok(Html(ReplyPart { page, said }.render()?).into_response())
}

/// The skills that have a page.
async fn known_skills(backoffice: &Backoffice) -> Result<HashSet<String>> {
    let rows = backoffice.db.skills().await?.into_iter();
    Ok(rows.filter(|row| row.status != "removed").map(|row| row.name).collect())
}

async fn own_conversation(backoffice: &Backoffice, owner: UserId, id: ConversationId) -> Result<Conversation> {
    let found = backoffice.db.conversation(id).await?.filter(|found| found.user_id == owner);
    found.ok_or_else(|| Problem::new(Kind::NoConversation, "There is no such conversation of yours."))
}

async fn own_turn(backoffice: &Backoffice, actor: &Actor, id: Uuid) -> Result<crate::store::Turn> {
    let owner = owner(actor)?;
    let turn = backoffice.db.turn(TurnId(id)).await?.filter(|turn| turn.user_id == owner);
    turn.ok_or_else(|| Problem::new(Kind::NoTurn, "There is no such turn of yours."))
}

fn owner(actor: &Actor) -> Result<UserId> {
    match actor {
        Actor::Owner(owner) => Ok(*owner),
        Actor::Token { .. } => Err(Problem::new(Kind::Unauthorized, "Pages are for the owner's session.")),
    }
}

impl Said {
    fn of(message: Message, answered: &HashSet<TurnId>, known: &HashSet<String>) -> Self {
        let mine = message.role == "user";
        let meta = &message.meta.0;
        let skills = meta["skills"].as_array().into_iter().flatten().filter_map(|skill| skill["name"].as_str());
        Self {
            turn: message.turn_id,
            mine,
            at: message.created_at,
            skills: skills.map(|name| Used { name: name.to_owned(), known: known.contains(name) }).collect(),
            tier: meta["tier"].as_str().unwrap_or_default().to_owned(),
            waits: mine && message.turn_id.is_some_and(|turn| !answered.contains(&turn)),
            files: Vec::new(),
            content: if mine { message.content } else { markdown::render(&message.content) },
        }
    }
}

/// What the script says by itself.
fn words(page: &Page) -> String {
    let steps = ["receive", "route", "rewrite", "recall", "skill", "model", "reply"]
        .map(|step| (step, page.word("step", step)));
    let words: Value = json!({
        "steps": steps.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        "you": page.t("chat.you"),
        "agent": page.agent,
        "thinking": page.t("chat.thinking"),
        "lost": page.t("chat.lost"),
        "unsent": page.t("chat.unsent"),
        "failed": page.t("chat.failed"),
        "stop": page.t("chat.stop"),
    });
    words.to_string()
}
