//! What the owner is told of skills, where they are: in their chat, or on the page if they have none.

use rust_i18n::t;
use serde_json::json;

use super::{host::Services, text::seen};
use crate::store::{ApprovalKind, Button, Delivery, MAX_PENDING, MAX_PENDING_OF_ONE, NewApproval, StoreError};

/// Characters of a call's input in a question to the owner.
const MAX_INPUT_CHARS: usize = 300;

/// What became of a version that failed too often.
#[derive(Clone, Copy, Debug)]
pub enum Taken {
    /// The one before answers again.
    RolledBack,
    /// The skill is disabled.
    ClosedDown,
}

/// Says that a version failed too often and was taken back.
pub async fn taken_back(
    services: &Services,
    taken: Taken,
    (skill, version, digest): (&str, &str, &str),
    (faulty, total): (i64, i64),
) -> Result<(), StoreError> {
    let Some((mut delivery, locale)) =
        to_owner(services, format!("rollback:{digest}:{}", services.clock.now().timestamp_micros())).await?
    else {
        return Ok(());
    };
    let words = match taken {
        Taken::RolledBack => "tell.rolled_back",
        Taken::ClosedDown => "tell.closed_down",
    };
    delivery.text =
        t!(words, locale = locale, skill = skill, version = version, faulty = faulty, total = total).into_owned();
    services.db.deliver(&services.clock, &delivery).await?;
    services.wake.outbox.notify_one();
    Ok(())
}

/// Asks the owner, once for each key; false when too much waits for them already.
pub async fn ask(services: &Services, wanted: &NewApproval) -> Result<bool, StoreError> {
    let delivery = to_owner(services, format!("approval:{}", wanted.id)).await?.map(|(mut delivery, locale)| {
        delivery.text = question(wanted, &locale);
        let button = |word: &str, answer: &str| Button {
            label: t!(word, locale = &locale).into_owned(),
            data: format!("a:{answer}:{}", wanted.id),
        };
        delivery.buttons = vec![vec![button("telegram.approve", "y"), button("telegram.deny", "n")]];
        delivery
    });
    let asked = services.db.ask_approval(&services.clock, wanted, delivery.as_ref()).await?;
    if asked.is_some() {
        services.wake.outbox.notify_one();
        return Ok(true);
    }
    // It was asked before, or others were quicker and it is full now.
    Ok(!is_full(services, wanted).await?)
}

async fn is_full(services: &Services, wanted: &NewApproval) -> Result<bool, StoreError> {
    let (all, own) =
        (services.db.pending_approvals().await?, services.db.pending_approvals_of(&wanted.skill_name).await?);
    let full = all >= MAX_PENDING || own >= MAX_PENDING_OF_ONE;
    if full {
        tracing::warn!(skill = wanted.skill_name, "the owner has too many questions already; this one is not asked");
    }
    Ok(full)
}

fn question(wanted: &NewApproval, locale: &str) -> String {
    let skill = &wanted.skill_name;
    match wanted.kind {
        ApprovalKind::Grant => {
            let what = [wanted.capability.as_deref(), wanted.word.as_deref()];
            let what = what.into_iter().flatten().collect::<Vec<_>>().join(" ");
            t!("tell.asks_grant", locale = locale, skill = skill, what = what).into_owned()
        }
        ApprovalKind::Call => {
            // Somebody else's words stand in a fence of their own.
            let input =
                wanted.input.as_ref().map(|input| seen(&input.to_string()).replace('`', "'")).unwrap_or_default();
            let input = match input.char_indices().nth(MAX_INPUT_CHARS) {
                Some((at, _)) => format!("```\n{}\n```\n[…]", &input[..at]),
                None => format!("```\n{input}\n```"),
            };
            t!("tell.asks_call", locale = locale, skill = skill, input = input).into_owned()
        }
    }
}

/// A message to the owner without its text, and their language.
async fn to_owner(services: &Services, key: String) -> Result<Option<(Delivery, String)>, StoreError> {
    let owner = services.db.owner_or_first(&services.clock).await?;
    let Some(conversation) = services.db.home_of(owner.id).await? else { return Ok(None) };
    let locale = match owner.locale {
        Some(locale) => locale,
        None => services.settings.current().await?.locale,
    };
    let delivery = Delivery {
        key,
        conversation,
        text: String::new(),
        meta: json!({ "kind": "alert" }),
        buttons: Vec::new(),
        locale: locale.clone(),
    };
    Ok(Some((delivery, locale)))
}
