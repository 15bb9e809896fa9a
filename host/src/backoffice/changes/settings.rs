//! Changes of the settings, of tokens and of the password.

use serde_json::json;

use super::super::{
    Backoffice,
    auth::{self, Actor},
    error::{Kind, Problem, Result},
    token::{SCOPES, Scope, hash_token, new_token},
};
use crate::{ids::TokenId, settings::SettingView};

/// Longest name of a token, in characters.
const MAX_NAME_CHARS: usize = 64;

/// A token as it is shown, once.
pub struct NewToken {
    pub id: TokenId,
    pub secret: String,
}

impl Backoffice {
    pub async fn set_setting(&self, actor: &Actor, key: &str, value: &str) -> Result<SettingView> {
        self.settings.set(key, value).await?;
        self.record(actor, "setting.set", key, json!({ "value": value })).await?;
        Ok(self.settings.value(key).await?)
    }

    /// Opens a key to skills, or closes it.
    pub async fn open_setting(&self, actor: &Actor, key: &str, open: bool) -> Result<SettingView> {
        self.settings.open(key, open).await?;
        self.record(actor, "setting.open", key, json!({ "open": open })).await?;
        Ok(self.settings.value(key).await?)
    }

    /// Sets what a skill's instructions to models are put into; an empty text is the one that ships with the host.
    pub async fn set_skill_prompt(&self, actor: &Actor, skill: &str, text: &str) -> Result<()> {
        self.skill_row(skill).await?;
        self.settings.set_skill_prompt(skill, text).await?;
        self.record(actor, "skill.prompt", skill, json!({ "value": text })).await
    }

    pub async fn create_token(&self, actor: &Actor, name: &str, scopes: &[String]) -> Result<NewToken> {
        let name = name.trim();
        let chars = name.chars().count();
        let invalid = |detail: String| Err(Problem::new(Kind::InvalidToken, detail));
        if chars == 0 || chars > MAX_NAME_CHARS || name.chars().any(char::is_control) {
            return invalid(format!("A token has a name of 1 to {MAX_NAME_CHARS} characters."));
        }
        if let Some(unknown) = scopes.iter().find(|scope| Scope::from_word(scope).is_none()) {
            let known = SCOPES.join(", ");
            return invalid(format!("There is no scope `{unknown}`; there are: {known}."));
        }
        if scopes.is_empty() {
            return invalid("A token needs one scope at least.".to_owned());
        }
        let secret = new_token();
        let id = self.db.create_token(&self.clock, name, &hash_token(&secret), scopes).await?;
        self.record(actor, "token.create", name, json!({ "id": id, "scopes": scopes })).await?;
        Ok(NewToken { id, secret })
    }

    pub async fn revoke_token(&self, actor: &Actor, id: TokenId) -> Result<()> {
        if !self.db.revoke_token(id).await? {
            return Err(Problem::new(Kind::NoToken, format!("There is no token {id}.")));
        }
        self.known_tokens.drop_all();
        self.record(actor, "token.revoke", &id.to_string(), json!({})).await
    }

    /// Changes the owner's password and ends every session.
    pub async fn change_password(&self, actor: &Actor, old: String, new: String) -> Result<()> {
        self.check_password(old).await?;
        let hash = auth::hash_password(new).await?;
        self.db.set_owner_password(&hash).await?;
        self.db.delete_sessions().await?;
        self.record(actor, "password.change", "", json!({})).await
    }

    /// Whether this is the owner's password.
    pub async fn check_password(&self, password: String) -> Result<()> {
        let right = match self.db.owner_password().await? {
            Some(hash) => auth::verify_password(password, hash).await?,
            None => false,
        };
        if right { Ok(()) } else { Err(Problem::new(Kind::WrongPassword, "The password is wrong.")) }
    }
}
