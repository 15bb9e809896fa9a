//! The life of a skill on a host: pushed, listed, activated, rolled back, removed.

use serde_json::{Value, json};

use super::{ACTOR, Host, note, text_of};
use crate::{
    cli::remote::failing,
    skills::{LifeError, Origin, UploadError, short_digest},
};

/// Uploads a component.
pub async fn push(host: Host, component: Vec<u8>) -> anyhow::Result<Value> {
    let app = match host {
        Host::Remote(remote) => return remote.push(component).await,
        Host::Here(app) => app,
    };
    let uploaded = app.skills.upload(&component, Origin::Upload).await.map_err(explain)?;
    note(&app, "skill.upload", &uploaded.name, json!({ "digest": uploaded.digest })).await?;
    Ok(json!(uploaded))
}

/// The skills that are there.
pub async fn list(host: Host) -> anyhow::Result<Value> {
    let app = match host {
        Host::Remote(remote) => return remote.get("/api/v1/skills").await,
        Host::Here(app) => app,
    };
    let mut rows = Vec::new();
    // As on a running host: what was removed is not there, and where nothing answers the newest version waits.
    for row in app.db.skills().await?.into_iter().filter(|row| row.status != "removed") {
        let (version, status) = match &row.active_digest {
            Some(digest) => (app.db.version(digest).await?, row.status),
            None => (app.db.versions(&row.name).await?.into_iter().next(), "review".to_owned()),
        };
        let version = version.map(|version| version.version);
        rows.push(json!({ "name": row.name, "status": status, "version": version, "digest": row.active_digest }));
    }
    Ok(json!({ "skills": rows }))
}

/// Makes a version answer; tells its name, number and digest.
pub async fn activate(host: Host, name: &str, version: &str, grant: bool) -> anyhow::Result<Value> {
    let app = match host {
        Host::Remote(remote) => {
            let path = format!("/api/v1/skills/{name}/versions/{version}/activate");
            return remote.post(&path, &json!({ "grant": grant })).await;
        }
        Host::Here(app) => app,
    };
    let version = app.skills.activate(name, version, grant.then_some(ACTOR)).await.map_err(|error| match error {
        LifeError::NotGranted { .. } => anyhow::Error::new(error).context("it is not activated; --grant grants it"),
        error => error.into(),
    })?;
    note(&app, "skill.activate", name, json!({ "digest": version.digest, "granted": grant })).await?;
    Ok(json!({ "name": name, "version": version.version, "digest": version.digest }))
}

/// Returns to an earlier version; tells its name, number and digest.
pub async fn roll_back(host: Host, name: &str, version: Option<&str>) -> anyhow::Result<Value> {
    let app = match host {
        Host::Remote(remote) => {
            return remote.post(&format!("/api/v1/skills/{name}/rollback"), &json!({ "version": version })).await;
        }
        Host::Here(app) => app,
    };
    let version = app.skills.roll_back(name, version).await?;
    note(&app, "skill.rollback", name, json!({ "digest": version.digest })).await?;
    Ok(json!({ "name": name, "version": version.version, "digest": version.digest }))
}

/// Which version answers, as people read it.
pub fn answers(done: &Value) -> String {
    let [name, version, digest] = ["name", "version", "digest"].map(|key| text_of(&done[key]));
    format!("{name} answers with {version} ({})", short_digest(digest))
}

/// Takes a skill out of use.
pub async fn remove(host: Host, name: &str) -> anyhow::Result<()> {
    let app = match host {
        Host::Remote(remote) => return remote.delete(&format!("/api/v1/skills/{name}")).await,
        Host::Here(app) => app,
    };
    app.skills.set_status(name, "removed").await?;
    note(&app, "skill.remove", name, json!({})).await
}

/// A skill of the list, as people read it.
pub fn line(skill: &Value) -> String {
    let [name, version, status] = ["name", "version", "status"].map(|key| text_of(&skill[key]));
    format!("{name}  {version}  {}", if status == "review" { "in review" } else { status })
}

/// Adds the results to an upload that was refused for its examples.
fn explain(error: UploadError) -> anyhow::Error {
    match &error {
        UploadError::Examples { results, .. } => {
            anyhow::anyhow!("{error}{}", failing(&json!(results)))
        }
        _ => error.into(),
    }
}
