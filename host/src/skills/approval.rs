//! The owner's yes at run time: to one call of a skill that needs it, and to a capability that the
//! manifest asks for and nobody granted yet. Each is asked once.

use rust_i18n::t;
use serde_json::Value;

use super::{
    Installed, Request, Skills,
    executor::input_hash,
    failure::{CallFailure, FailureKind},
    sandbox::Run,
    tell,
};
use crate::{
    ids::{ApprovalId, CallId},
    store::{ApprovalKind, ApprovalStatus, NewApproval, StoreError, logged},
};

/// Longest input that an owner is asked to read, in bytes of JSON.
const MAX_INPUT_BYTES: usize = 16 << 10;

impl Skills {
    /// Why a call may not run until the owner says yes; asks for it.
    pub(super) async fn wants_approval(
        &self,
        installed: &Installed,
        request: &Request,
    ) -> Result<Option<CallFailure>, StoreError> {
        if !installed.manifest.needs_approval {
            return Ok(None);
        }
        let locale = request.caller.locale.as_str();
        let waits = |key: &str| Some(CallFailure::new(FailureKind::Waits, t!(key, locale = locale)));
        if let Some(id) = request.approval {
            // It holds for the very call that the owner saw, whoever says that they have it.
            let approval = self.services.db.approval(id).await?.filter(|approval| {
                approval.status == ApprovalStatus::Approved
                    && approval.skill_name == installed.name
                    && approval.digest == installed.digest
                    && approval.user_id == request.caller.user
                    && approval.input.as_ref().is_some_and(|input| input.0 == request.input)
            });
            return Ok(match approval {
                Some(_) => None,
                None => waits("refused.another_call"),
            });
        }
        let bytes = request.input.to_string().len();
        if bytes > MAX_INPUT_BYTES {
            let text = t!("refused.long_input", locale = locale, most = MAX_INPUT_BYTES, bytes = bytes);
            return Ok(Some(CallFailure::new(FailureKind::InvalidInput, text)));
        }
        let id = ApprovalId::new(&self.services.clock);
        let hash = input_hash(&request.input);
        let by = request.key.clone().unwrap_or_else(|| id.to_string());
        let question = NewApproval {
            key: format!("call:{}:{}:{}:{}", installed.digest, request.caller.user, hash, super::short_key(&by)),
            input: Some(request.input.clone()),
            ..wanted(id, ApprovalKind::Call, installed, request)
        };
        if !tell::ask(&self.services, &question).await? {
            return Ok(waits("refused.too_many_questions"));
        }
        Ok(waits("refused.owner_was_asked"))
    }

    /// Asks the owner for what a run was refused, as far as its manifest asks for it.
    pub(super) async fn ask_for_refused(&self, installed: &Installed, request: &Request, call: CallId, run: &Run) {
        let asked = installed.manifest.asked();
        for (capability, word) in &run.refused {
            let Some((_, scope)) = asked.iter().find(|(name, _)| name == capability) else { continue };
            // A capability without a word is the whole of what is asked.
            let words: Vec<Option<String>> = match (word, scope) {
                (None, Value::Array(words)) => {
                    words.iter().filter_map(Value::as_str).map(|word| Some(word.to_owned())).collect()
                }
                (Some(word), Value::Array(words)) if !words.iter().any(|one| one == word) => continue,
                (word, _) => vec![word.clone()],
            };
            for word in words {
                let id = ApprovalId::new(&self.services.clock);
                let question = NewApproval {
                    key: format!("grant:{}:{capability}:{}", installed.digest, word.as_deref().unwrap_or_default()),
                    capability: Some((*capability).to_owned()),
                    word,
                    call_id: Some(call),
                    ..wanted(id, ApprovalKind::Grant, installed, request)
                };
                logged("the owner could not be asked", tell::ask(&self.services, &question).await);
            }
        }
    }
}

fn wanted(id: ApprovalId, kind: ApprovalKind, installed: &Installed, request: &Request) -> NewApproval {
    NewApproval {
        id,
        key: String::new(),
        kind,
        skill_name: installed.name.clone(),
        digest: installed.digest.clone(),
        capability: None,
        word: None,
        input: None,
        call_id: None,
        turn_id: request.caller.turn,
        user_id: request.caller.user,
        conversation_id: request.caller.conversation,
    }
}
