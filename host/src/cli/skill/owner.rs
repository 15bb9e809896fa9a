//! What an owner does beside installing skills: secrets, answers to what skills ask, a second look at a
//! failed call.

use anyhow::{Context, ensure};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::io::{IsTerminal, Read, stdin};

use super::{ACTOR, Host, note, text_of};
use crate::{
    ids::{ApprovalId, CallId},
    skills::short_digest,
};

/// Runs a failed call again; the answer is that of the HTTP interface.
pub async fn replay(host: Host, call: CallId, version: Option<String>) -> anyhow::Result<Value> {
    let app = match host {
        Host::Remote(remote) => {
            return remote.post(&format!("/api/v1/calls/{call}/replay"), &json!({ "version": version })).await;
        }
        Host::Here(app) => app,
    };
    let replay = app.skills.replay(call, version.as_deref()).await?;
    note(&app, "call.replay", &replay.skill, json!({ "call": call, "version": replay.version })).await?;
    Ok(json!(replay))
}

/// A replay as people read it.
pub fn told(replay: &Value) -> String {
    let failure = |failure: &Value| format!("{}: {}", text_of(&failure["kind"]), text_of(&failure["text"]));
    let now = match &replay["failure"] {
        Value::Null => replay["output"].to_string(),
        failed => failure(failed),
    };
    let verdict = if replay["same"] == true { "it fails in the same way" } else { "it ends in another way" };
    let [then_on, now_on] = ["recorded_version", "version"].map(|key| short_digest(text_of(&replay[key])));
    format!("then ({then_on})  {}\nnow  ({now_on})  {now}\n{verdict}", failure(&replay["recorded_failure"]))
}

/// Reads a value from stdin: a line at a terminal, everything else of a pipe. It stands in no argument,
/// which other users of the machine would see.
pub fn read_secret(name: &str) -> anyhow::Result<SecretString> {
    let mut text = String::new();
    if stdin().is_terminal() {
        eprint!("{name}: ");
        stdin().read_line(&mut text)?;
    } else {
        stdin().read_to_string(&mut text).context("stdin is not text")?;
    }
    let value = text.trim_end_matches(['\r', '\n']);
    ensure!(!value.is_empty(), "no value came on stdin");
    Ok(SecretString::from(value))
}

/// Sets a secret, or forgets it.
pub async fn set_secret(host: Host, name: &str, secret: &str, value: Option<SecretString>) -> anyhow::Result<()> {
    let app = match host {
        Host::Remote(remote) => {
            let path = format!("/api/v1/skills/{name}/secrets/{secret}");
            return match value {
                Some(value) => remote.put(&path, &json!({ "value": value.expose_secret() })).await.map(drop),
                None => remote.delete(&path).await,
            };
        }
        Host::Here(app) => app,
    };
    app.skills.set_secret(name, secret, (value.as_ref(), None), ACTOR).await?;
    note(&app, "skill.secret", name, json!({ "secret": secret, "set": value.is_some() })).await
}

/// Says yes or no to what a skill asked for.
pub async fn decide(host: Host, id: ApprovalId, approve: bool) -> anyhow::Result<()> {
    let word = if approve { "approve" } else { "deny" };
    let app = match host {
        Host::Remote(remote) => {
            return remote.post(&format!("/api/v1/approvals/{id}/{word}"), &json!({})).await.map(drop);
        }
        Host::Here(app) => app,
    };
    let decided = app.db.decide_approval(&app.clock, id, approve, ACTOR).await?;
    let decided = decided.with_context(|| format!("request {id} was decided before, or there is none"))?;
    let detail = json!({
        "approval": id, "kind": decided.kind, "capability": decided.capability, "word": decided.word,
    });
    note(&app, &format!("approval.{word}"), &decided.skill_name, detail).await
}
