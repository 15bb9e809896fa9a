//! Changes of people: their language, their time zone, their smallest tier, their link to Telegram.

use serde_json::json;

use super::super::{
    Backoffice,
    auth::Actor,
    error::{Kind, Problem, Result},
    locale::Locale,
};
use crate::{gateway::Tier, ids::UserId, store::User};

impl Backoffice {
    pub async fn user(&self, id: UserId) -> Result<User> {
        let user = self.db.user(id).await?;
        user.ok_or_else(|| Problem::new(Kind::NoUser, format!("There is no person {id}.")))
    }

    /// Sets a person's language and zone, each where it is given; an empty one is that of everybody.
    pub async fn set_place(
        &self,
        actor: &Actor,
        id: UserId,
        locale: Option<&str>,
        time_zone: Option<&str>,
    ) -> Result<()> {
        let user = self.user(id).await?;
        let choose = |given: Option<&str>, now: &Option<String>| match given.map(str::trim) {
            Some("") => None,
            Some(given) => Some(given.to_owned()),
            None => now.clone(),
        };
        let (locale, time_zone) = (choose(locale, &user.locale), choose(time_zone, &user.time_zone));
        if (&locale, &time_zone) == (&user.locale, &user.time_zone) {
            return Ok(());
        }
        let invalid = |key: &str, detail: String| Err(Problem::new(Kind::InvalidSetting, detail).with("key", key));
        if let Some(word) = &locale
            && Locale::from_word(word).is_none_or(|known| known.word() != word)
        {
            return invalid("locale", format!("There is no language `{word}`; there are: en, zh."));
        }
        if let Some(zone) = &time_zone
            && zone.parse::<chrono_tz::Tz>().is_err()
        {
            return invalid("time_zone", format!("`{zone}` is not an IANA time zone, such as Asia/Shanghai."));
        }
        self.db.set_user_place(id, locale.as_deref(), time_zone.as_deref()).await?;
        let detail = json!({ "name": user.name, "locale": locale, "time_zone": time_zone });
        self.record(actor, "user.change", &id.to_string(), detail).await
    }

    /// Sets the smallest tier that answers a person while it can be paid for, or none.
    pub async fn set_floor(&self, actor: &Actor, id: UserId, floor: Option<Tier>) -> Result<()> {
        let user = self.user(id).await?;
        let floor = floor.map(Tier::word);
        if floor == user.tier_floor.as_deref() {
            return Ok(());
        }
        self.db.set_tier_floor(id, floor).await?;
        self.record(actor, "user.floor", &id.to_string(), json!({ "name": user.name, "tier_floor": floor })).await
    }

    /// Undoes a person's link to Telegram: from there they are a stranger again.
    pub async fn unlink(&self, actor: &Actor, id: UserId) -> Result<()> {
        let user = self.user(id).await?;
        if user.telegram_user_id.is_none() {
            return Ok(());
        }
        self.db.link_telegram(id, None).await?;
        self.record(actor, "user.unlink", &id.to_string(), json!({ "name": user.name })).await
    }
}

/// The tier that a word stands for as a floor; an empty one is none.
pub fn floor(word: &str) -> Result<Option<Tier>> {
    match word.trim() {
        "" => Ok(None),
        word => Tier::from_word(word).map(Some).ok_or_else(|| {
            let detail = format!("There is no tier `{word}` to be a floor; there are: small, large.");
            Problem::new(Kind::InvalidSetting, detail).with("key", "tier_floor")
        }),
    }
}
