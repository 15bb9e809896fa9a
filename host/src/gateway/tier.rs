//! The ladder: which tier answers a person, decided on what is spent, held and about to be spent.

use super::{Gateway, GatewayError, Tier};
use crate::{
    config,
    store::{Account, BudgetScope, BudgetWindow, Exhausted, StoreError},
};

/// Where answers come from, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rung {
    Large,
    Small,
    /// Memory and templates.
    Retrieval,
    /// One question back.
    Clarify,
    /// What would be done, undone.
    Plan,
}

impl Rung {
    pub const ALL: [Self; 5] = [Self::Large, Self::Small, Self::Retrieval, Self::Clarify, Self::Plan];

    pub fn word(self) -> &'static str {
        match self {
            Self::Large => "large",
            Self::Small => "small",
            Self::Retrieval => "retrieval",
            Self::Clarify => "clarify",
            Self::Plan => "plan",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rung| rung.word() == word)
    }

    pub fn of(tier: Tier) -> Self {
        match tier {
            Tier::Small => Self::Small,
            Tier::Large => Self::Large,
        }
    }

    /// The tier whose model answers here.
    pub fn tier(self) -> Option<Tier> {
        match self {
            Self::Large => Some(Tier::Large),
            Self::Small => Some(Tier::Small),
            Self::Retrieval | Self::Clarify | Self::Plan => None,
        }
    }
}

/// Why a model cannot be asked, whatever the budgets say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// It costs money, and how much is not known.
    Unpriced,
    /// It failed again and again, and is left alone for a while.
    Resting,
}

/// What the budgets allow a person at this moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The best rung that is open to them; a tier below it may be enough for what they ask.
    pub best: Rung,
    /// The part of the fullest budget that is used with this call; 1 is all of it.
    pub share: f64,
    /// That budget, where there is one.
    pub fullest: Option<(BudgetScope, BudgetWindow)>,
    /// What stands in the way of the last model that was looked at.
    pub blocked: Option<Blocked>,
    /// Why no better rung is open, in words.
    pub reason: String,
}

/// Shares at which a rung closes. One that has closed opens again a little lower.
fn closes(ladder: &config::Ladder, before: Rung, rung: Rung) -> f64 {
    let percent = match rung {
        Rung::Large => ladder.small_from_percent,
        _ => 100,
    };
    let stands_below = match rung {
        Rung::Large => before != Rung::Large,
        _ => before.tier().is_none(),
    };
    let percent = if stands_below { percent.saturating_sub(ladder.hysteresis_percent) } else { percent };
    f64::from(percent) / 100.0
}

impl Gateway {
    /// The best rung that budgets leave open for a call of so many tokens. `before` is where the person stood,
    /// `floor` the tier that they do not sink below while it can be paid for at all.
    pub async fn step(
        &self,
        account: &Account,
        (input, output): (u32, Option<u32>),
        before: Rung,
        floor: Option<Tier>,
    ) -> Result<Step, GatewayError> {
        let used = self.used(account).await?;
        let output = i64::from(self.bound(output));
        let mut step = Step {
            best: Rung::Retrieval,
            share: 0.0,
            fullest: None,
            blocked: None,
            reason: "no model is configured".to_owned(),
        };
        let (mut full, mut large): (_, Option<Step>) = (None, None);
        for tier in [Tier::Large, Tier::Small] {
            let Some(first) = self.endpoints(tier).first() else { continue };
            let mut priced = self.endpoints(tier).iter().filter_map(|one| Some((one, one.price(&self.prices).ok()?)));
            let usable = priced.clone().find(|(one, _)| !one.breaker.is_open(&self.clock));
            let Some((endpoint, price)) = usable else {
                let (blocked, why) = match priced.next() {
                    Some(_) => (Blocked::Resting, "does not answer"),
                    None => (Blocked::Unpriced, "has no price"),
                };
                step.reason = format!("{} {why}", first.provider.model());
                step.blocked = Some(blocked);
                // A large model that could be paid for goes on where the small one cannot be asked.
                if let Some(large) = &large {
                    return Ok(Step { best: Rung::Large, ..Step::clone(large) });
                }
                continue;
            };
            let input = endpoint.expected(input);
            let (share, fullest) = fullest(&used, price.bound(input, output), input + output);
            let reason = fullest.map_or_else(
                || "no budget is touched".to_owned(),
                |Exhausted { budget, .. }| {
                    let percent = (share * 100.0).min(9_999.0).round();
                    format!("{percent} % of the {} budget for one {}", budget.scope.word(), budget.window.word())
                },
            );
            let rung = Rung::of(tier);
            let closes = if floor == Some(tier) { 1.0 } else { closes(&self.config.ladder, before, rung) };
            let open = if tier == Tier::Large && closes < 1.0 { share < closes } else { share <= closes };
            // Where there is no small model, the large one goes on until nothing is left.
            let alone = tier == Tier::Large && self.small.is_empty() && share <= 1.0;
            let touched = fullest.map(|one| (one.budget.scope, one.budget.window));
            step = Step { share, fullest: touched, reason, blocked: None, ..step };
            full = fullest;
            if tier == Tier::Large && share <= 1.0 {
                large = Some(step.clone());
            }
            if open || alone {
                return Ok(Step { best: rung, ..step });
            }
        }
        // What is too full for the smallest call is used up, though no call was refused for it.
        if let (Some(full), None) = (full, step.blocked) {
            self.db.note_full(&self.clock, &full.key()).await?;
        }
        Ok(step)
    }

    /// The budgets that calls of an account are about, each with its use.
    async fn used(&self, account: &Account) -> Result<Vec<Exhausted>, StoreError> {
        let day = self.day().await?;
        let mut used = Vec::new();
        for budget in self.db.budgets().await? {
            let Some(key) = budget.counter(account, &day) else { continue };
            let counter = match self.db.counter(&key).await? {
                Some(counter) => Some(counter),
                None => self.db.open_counter(&self.clock, &key).await?,
            };
            // One that was removed in this moment bounds nothing.
            used.extend(counter.map(|counter| Exhausted { budget, counter }));
        }
        Ok(used)
    }
}

/// The fullest of some budgets, with a call besides, and its share.
fn fullest(used: &[Exhausted], micros: i64, tokens: i64) -> (f64, Option<&Exhausted>) {
    let shares = used.iter().map(|one| (one.counter.share(&one.budget, micros, tokens), Some(one)));
    shares.filter(|(share, _)| *share > 0.0).fold((0.0, None), |most, one| if one.0 > most.0 { one } else { most })
}
