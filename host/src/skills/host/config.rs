use serde_json::json;

use super::CallState;
use crate::{
    settings::SettingError,
    skills::linker::config::{Error, Host},
};

impl Host for CallState {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<String, Error>> {
        self.count()?;
        if let Err(refusal) = self.grants.check("config") {
            return Ok(Err(Error::Denied(refusal)));
        }
        Ok(match self.services.settings.value(&key).await {
            Ok(view) if view.open => Ok(view.value),
            Ok(_) => Err(refused(SettingError::Closed(key))),
            Err(error) => Err(refused(error)),
        })
    }

    async fn set(&mut self, key: String, value: String) -> wasmtime::Result<Result<(), Error>> {
        self.count()?;
        if let Err(refusal) = self.grants.check("config") {
            return Ok(Err(Error::Denied(refusal)));
        }
        if let Err(error) = self.services.settings.set_open(&key, &value).await {
            return Ok(Err(refused(error)));
        }
        let actor = format!("skill {}", self.skill);
        let detail = json!({ "value": value, "user": self.user, "turn": self.turn });
        let noted = self.services.db.audit(&self.services.clock, &actor, "setting.set", &key, &detail).await;
        Ok(noted.map_err(|error| refused(error.into())))
    }
}

fn refused(error: SettingError) -> Error {
    let text = error.to_string();
    match error {
        SettingError::Closed(_) => Error::Denied(text),
        SettingError::Unknown(_) => Error::Unknown(text),
        SettingError::Invalid { .. } => Error::Invalid(text),
        SettingError::Store(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a skill's config call failed");
            Error::Unavailable("the settings cannot be reached".to_owned())
        }
    }
}
