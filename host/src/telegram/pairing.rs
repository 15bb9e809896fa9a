//! Strangers: one notice with a code, no turn, no cost. The owner decides.

use chrono::TimeDelta;
use rand::seq::IndexedRandom;
use rust_i18n::t;

use super::{incoming::Incoming, words::escaped};
use crate::{
    ids::PairingId,
    store::{Button, ChatAddress, ChatKind, Notice, Pairing, PairingStatus, StoreError},
};

/// How long a request waits for the owner.
const EXPIRES_AFTER: TimeDelta = TimeDelta::hours(1);

/// Requests that wait at the same time; whoever comes after them hears nothing.
const MOST: i64 = 3;

/// What codes are made of: nothing that looks like something else.
const ALPHABET: &[u8] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Takes a stranger's request, and asks the owner on their own phone.
pub async fn ask(incoming: &Incoming<'_>, private: bool) -> Result<(), StoreError> {
    let parts = &incoming.session.parts;
    let (db, clock) = (&parts.db, &parts.clock);
    let now = clock.now();
    let pairing = Pairing {
        id: PairingId::new(clock),
        chat_id: incoming.address.chat_id,
        kind: if private { ChatKind::Private } else { ChatKind::Group },
        name: incoming.title(),
        locale: incoming.locale.clone(),
        code: code(),
        status: PairingStatus::Pending,
        decided_by: None,
        decided_at: None,
        created_at: now,
        expires_at: now + EXPIRES_AFTER,
    };
    let words = if private { "telegram.stranger" } else { "telegram.strange_group" };
    let text = t!(words, locale = &incoming.locale, code = pairing.code).into_owned();
    let mut notices = vec![incoming.notice("stranger", text)];
    let owner = db.owner_or_first(clock).await?;
    if let Some(chat_id) = owner.telegram_user_id {
        let locale = owner.locale.unwrap_or(parts.settings.current().await?.locale);
        notices.push(question(&pairing, chat_id, &locale));
    }
    let taken = db.request_pairing(clock, &incoming.updates[0], (&pairing, MOST), &notices).await?;
    for rest in &incoming.updates[1..] {
        db.finish_update(clock, rest, &[]).await?;
    }
    if !taken {
        return Ok(());
    }
    tracing::info!(kind = pairing.kind.word(), "somebody asks to be paired");
    parts.wake.outbox.notify_one();
    Ok(())
}

/// What the owner is asked.
fn question(pairing: &Pairing, chat_id: i64, locale: &str) -> Notice {
    let button = |word: &str, answer: &str| Button {
        label: t!(word, locale = locale).into_owned(),
        data: format!("p:{answer}:{}", pairing.id),
    };
    Notice {
        key: format!("pairing:{}", pairing.id),
        address: ChatAddress { chat_id, thread_id: 0 },
        text: t!("telegram.asks", locale = locale, name = escaped(&pairing.name), code = pairing.code).into_owned(),
        buttons: vec![vec![button("telegram.approve", "y"), button("telegram.deny", "n")]],
        locale: locale.to_owned(),
        edits: None,
    }
}

fn code() -> String {
    let mut rng = rand::rng();
    let half = |rng: &mut rand::rngs::ThreadRng| -> String {
        (0..4).filter_map(|_| ALPHABET.choose(rng)).map(|byte| char::from(*byte)).collect()
    };
    format!("{}-{}", half(&mut rng), half(&mut rng))
}
