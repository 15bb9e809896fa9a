//! `skillet chat`: the agent on the terminal.

use anyhow::Context;
use serde_json::json;
use std::io::{BufRead, Write};

use super::print;
use crate::{
    agent::{Envelope, NewMessage, TurnReply},
    app::App,
    ids::{ConversationId, UserId},
    store::Channel,
};

pub async fn run(app: App, user: Option<String>, message: Option<String>, json: bool) -> anyhow::Result<()> {
    let user = match user {
        Some(name) => app.db.user_named(&app.clock, &name).await?.id,
        None => app.db.owner_or_first(&app.clock).await?.id,
    };
    let result = match message {
        Some(message) => one(&app, user, message, json).await,
        None => prompt(&app, user).await,
    };
    app.stop().await;
    result
}

async fn one(app: &App, user: UserId, message: String, json: bool) -> anyhow::Result<()> {
    let reply = ask(app, user, None, message).await?;
    print(json, &json!(reply), &reply.reply)?;
    anyhow::ensure!(!reply.failed, "the turn failed");
    Ok(())
}

async fn prompt(app: &App, user: UserId) -> anyhow::Result<()> {
    let mut conversation = None;
    let lines = std::io::stdin().lock();
    let mut lines = lines.lines();
    loop {
        print!("> ");
        std::io::stdout().flush()?;
        let Some(line) = lines.next() else { break };
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let reply = ask(app, user, conversation, line).await?;
        conversation = Some(reply.conversation);
        println!("{}", reply.reply);
    }
    println!();
    Ok(())
}

async fn ask(app: &App, user: UserId, conversation: Option<ConversationId>, text: String) -> anyhow::Result<TurnReply> {
    let message =
        NewMessage { user, conversation, channel: Channel::Cli, text, key: None, envelope: Envelope::default() };
    let (_, accepted) = app.agent.submit(message).await?;
    // Only this turn: others belong to the server, should one be running. So do the jobs it leaves.
    app.agent.answer(accepted.turn()).await.context("the reply cannot be read")
}
