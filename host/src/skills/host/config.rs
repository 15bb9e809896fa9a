use serde_json::json;

use super::{CallState, lend};
use crate::{
    settings::SettingError,
    skills::linker::config::{Error, Host},
};

impl CallState {
    async fn config_value(&mut self, key: String) -> Result<String, Error> {
        self.granted("config").map_err(Error::Denied)?;
        let name = key.clone();
        match self.at_host(|host| async move { host.settings.value(&name).await }).await {
            Ok(view) if view.open => Ok(view.value),
            Ok(_) => Err(refused(SettingError::Closed(key))),
            Err(error) => Err(refused(error)),
        }
    }

    async fn set_config(&mut self, key: String, value: String) -> Result<(), Error> {
        self.granted("config").map_err(Error::Denied)?;
        self.sent = true;
        let actor = format!("skill {}", self.skill);
        let detail = json!({ "value": value, "user": self.user, "turn": self.turn });
        let set = self.at_host(|host| async move {
            host.settings.set_open(&key, &value).await?;
            Ok(host.db.audit(&host.clock, &actor, "setting.set", &key, &detail).await?)
        });
        set.await.map_err(refused)
    }
}

impl Host for CallState {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<String, Error>> {
        lend!(self, "config.get", key.len(), self.config_value(key).await)
    }

    async fn set(&mut self, key: String, value: String) -> wasmtime::Result<Result<(), Error>> {
        lend!(self, "config.set", key.len() + value.len(), self.set_config(key, value).await)
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
