//! One question, from the valves to the books: along the tier's chain of providers, attempt by attempt.

use chrono::Duration;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    time::Instant,
};

use super::{
    Answer, Embedded, Gateway, GatewayError, ProviderError, Request, Tier, Tokens,
    endpoint::Endpoint,
    ledger::{Reservation, Used},
    price::Price,
    provider::Ask,
    tell::tell,
    tier::Rung,
    tokens,
};
use crate::{
    ids::ModelCallId,
    store::{Account, ModelCallRecord, ModelCallStatus, NewReservation, StoreError, storable},
};

/// Pause before another attempt, where the provider names none.
const RETRY_PAUSE: std::time::Duration = std::time::Duration::from_millis(250);

/// Longest pause that a provider may ask for; what takes longer is somebody else's turn.
const MAX_PAUSE: std::time::Duration = std::time::Duration::from_secs(3);

/// How long a reservation stands after the time that its call may take.
const MARGIN_S: i64 = 60;

/// What an attempt is booked under before it is made.
#[derive(Clone, Copy)]
struct Draft<'a> {
    account: &'a Account,
    purpose: &'static str,
    tier: &'static str,
    rung: &'static str,
    counted: u32,
    max_output: i64,
    attempt: i64,
}

impl<'a> Draft<'a> {
    fn of(request: &'a Request, max_output: u32, attempt: i64) -> Self {
        Self {
            account: &request.account,
            purpose: request.purpose.word(),
            tier: request.tier.word(),
            rung: request.rung.unwrap_or(Rung::of(request.tier)).word(),
            counted: request.prompt.tokens,
            max_output: i64::from(max_output),
            attempt,
        }
    }
}

impl Gateway {
    /// Asks a model. `on_text` gets the words as they come, or all at once where no stream is wanted. Every
    /// attempt is reserved before and settled after.
    pub async fn complete(
        &self,
        request: &Request,
        on_text: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Answer, GatewayError> {
        let endpoints = self.endpoints(request.tier);
        let first = endpoints.first().ok_or(GatewayError::NoModel(request.tier))?;
        if request.prompt.tokens > request.prompt.budget {
            let (tokens, budget) = (request.prompt.tokens, request.prompt.budget);
            return Err(GatewayError::OverBudget { tokens, budget });
        }
        let max_tokens = self.bound(request.max_output_tokens);
        let hidden = Arc::new(AtomicUsize::new(0));
        let ask = Ask {
            prompt: &request.prompt,
            options: &request.options,
            max_tokens,
            stream: request.stream,
            hidden: &hidden,
        };
        let key = self.answers.key(request, &ask, first.provider.model());
        if let Some(answer) = self.answers.get(key) {
            self.book_hit(request, first, &answer).await?;
            on_text(&answer.text);
            return Ok(Answer { cost_micros: 0, ..answer });
        }
        let _place = match &self.ledger {
            Some(_) => Some(self.valves.place().await?),
            None => None,
        };
        let attempts = AtomicU32::new(0);
        let mut last = None;
        for endpoint in endpoints {
            if !endpoint.breaker.lets_through(&self.clock) {
                last = last.or_else(|| endpoint.breaker.opens_at().map(GatewayError::Resting));
                continue;
            }
            match self.ask(endpoint, request, ask, &attempts, on_text).await {
                Ok(answer) => {
                    self.answers.put(key, &answer);
                    return Ok(answer);
                }
                Err((GatewayError::Provider(error), false)) if error.is_the_providers() => last = Some(error.into()),
                // One without a price is passed over like one that is away.
                Err((error @ GatewayError::Unpriced(_), _)) => last = Some(error),
                Err((error, _)) => return Err(error),
            }
        }
        Err(last.unwrap_or(GatewayError::NoModel(request.tier)))
    }

    /// Asks one provider, again where that may help and nothing was said. The error tells whether words had come.
    async fn ask(
        &self,
        endpoint: &Endpoint,
        request: &Request,
        ask: Ask<'_>,
        attempts: &AtomicU32,
        on_text: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Answer, (GatewayError, bool)> {
        let silent = |error: GatewayError| (error, false);
        let longest = Instant::now() + self.longest();
        let deadline = request.deadline.map_or(longest, |deadline| deadline.min(longest));
        for nth in 1.. {
            if Instant::now() >= deadline {
                return Err(silent(ProviderError::Late.into()));
            }
            ask.hidden.store(0, Ordering::Relaxed);
            let attempt = i64::from(attempts.fetch_add(1, Ordering::Relaxed)) + 1;
            let draft = Draft::of(request, ask.max_tokens, attempt);
            let mut reservation = self.reserve(endpoint, &draft, request.tier).await.map_err(silent)?;
            if let Some(reservation) = &mut reservation {
                reservation.begin(ask.stream, ask.hidden.clone());
            }
            let mut words = false;
            let result = {
                let mut on_text = |text: &str| {
                    if let Some(reservation) = &mut reservation {
                        reservation.saw(text);
                    }
                    words = true;
                    on_text(text);
                };
                let asking = endpoint.provider.ask(ask, &mut on_text);
                tokio::time::timeout_at(deadline.into(), asking).await.unwrap_or(Err(ProviderError::Late))
            };
            let error = match self.end(endpoint, request, reservation, result).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let pause = self.another_after(nth, &error);
            let Some(pause) = pause.filter(|pause| !words && Instant::now() + *pause < deadline) else {
                return Err((error.into(), words));
            };
            tracing::warn!(error = &error as &dyn std::error::Error, attempt, "the model gave no answer; once more");
            tokio::time::sleep(pause).await;
        }
        unreachable!("the loop ends by returning")
    }

    /// Holds what an attempt may cost at most. Nothing where nothing is booked.
    async fn reserve(
        &self,
        endpoint: &Endpoint,
        draft: &Draft<'_>,
        tier: Tier,
    ) -> Result<Option<Reservation>, GatewayError> {
        let Some(ledger) = &self.ledger else { return Ok(None) };
        let day = self.day().await?;
        let price = endpoint.price(&self.prices)?;
        let call = self.row(endpoint, draft, &price);
        self.valves.pass(draft.account, tier, call.tokens())?;
        let longest = Duration::from_std(self.longest()).unwrap_or(Duration::hours(1));
        let held_until = self.clock.now() + longest + Duration::seconds(MARGIN_S);
        Ok(Some(ledger.reserve(NewReservation { call, day, held_until }, price).await?))
    }

    /// An attempt as it is booked should nobody ever settle it.
    fn row(&self, endpoint: &Endpoint, draft: &Draft<'_>, price: &Price) -> ModelCallRecord {
        let input = endpoint.expected(draft.counted);
        let account = draft.account.clone();
        ModelCallRecord {
            id: ModelCallId::new(&self.clock),
            turn_id: account.turn,
            user_id: account.user,
            conversation_id: account.conversation,
            workflow_id: account.workflow,
            skill_name: account.skill,
            token_id: account.token,
            purpose: draft.purpose.to_owned(),
            tier: draft.tier.to_owned(),
            rung: draft.rung.to_owned(),
            provider: endpoint.host.clone(),
            model: endpoint.provider.model().to_owned(),
            attempt: draft.attempt,
            status: ModelCallStatus::Interrupted,
            prompt_tokens: i64::from(draft.counted),
            input_tokens: input,
            cached_tokens: 0,
            cache_write_tokens: 0,
            output_tokens: draft.max_output,
            saved_tokens: 0,
            cost_micros: price.bound(input, draft.max_output),
            estimated: true,
            first_token_ms: None,
            latency_ms: 0,
            skill_calls: 0,
            error: Some("its process ended before it did".to_owned()),
            created_at: self.clock.now(),
        }
    }

    /// Settles an attempt by what came of it, and lets the breaker know.
    async fn end(
        &self,
        endpoint: &Endpoint,
        request: &Request,
        reservation: Option<Reservation>,
        result: Result<Answer, ProviderError>,
    ) -> Result<Answer, ProviderError> {
        endpoint.heed(&result, &self.clock);
        if let Ok(Answer { tokens: Some(tokens), .. }) = &result {
            endpoint.learn(request.prompt.tokens, tokens.input);
        }
        let silent = result.as_ref().ok().filter(|answer| answer.tokens.is_none());
        let counted = silent.map(|answer| counted(answer, request));
        let Some(reservation) = reservation else {
            return result.map(|answer| Answer { tokens: answer.tokens.or(counted), ..answer });
        };
        let used = match &result {
            Ok(Answer { tokens: Some(tokens), .. }) => Used::Reported(*tokens),
            Ok(_) => Used::Counted(counted.unwrap_or_default()),
            Err(error) if error.is_free() && !reservation.has_seen() => Used::Nothing,
            Err(_) => Used::Seen,
        };
        let status = match &result {
            Ok(_) => ModelCallStatus::Done,
            Err(ProviderError::Broken(_)) => ModelCallStatus::Truncated,
            Err(_) => ModelCallStatus::Failed,
        };
        let call = reservation
            .settle(
                |call| {
                    call.status = status;
                    call.skill_calls = result.as_ref().map_or(0, |answer| len(answer.tool_calls.len()));
                    call.error = result.as_ref().err().map(|error| storable(&error.to_string()));
                },
                used,
            )
            .await;
        tell(&call);
        result.map(|answer| Answer { tokens: answer.tokens.or(counted), cost_micros: call.cost_micros, ..answer })
    }

    /// Books an answer that was given before: no tokens, no money, and how many tokens that saved.
    async fn book_hit(&self, request: &Request, endpoint: &Endpoint, answer: &Answer) -> Result<(), StoreError> {
        let Some(ledger) = &self.ledger else { return Ok(()) };
        let draft = Draft::of(request, 0, 1);
        let saved = answer.input_tokens() + answer.output_tokens();
        let call = ModelCallRecord {
            status: ModelCallStatus::Cached,
            input_tokens: 0,
            saved_tokens: saved,
            cost_micros: 0,
            estimated: false,
            error: None,
            ..self.row(endpoint, &draft, &Price::default())
        };
        tell(&call);
        ledger.book(call, self.day().await?).await;
        Ok(())
    }

    /// One vector for each text: through the valves, again where that may help, each attempt reserved and settled
    /// like every other call.
    pub async fn embed(
        &self,
        texts: &[String],
        account: &Account,
    ) -> Result<(Embedded, ModelCallRecord), GatewayError> {
        let endpoint = self.embedding.first().ok_or(GatewayError::NoEmbedding)?;
        let counted: u32 = texts.iter().map(|text| tokens::count(text)).sum();
        let _place = self.valves.place().await?;
        let draft =
            Draft { account, purpose: "embed", tier: "embedding", rung: "", counted, max_output: 0, attempt: 1 };
        let mut nth = 1;
        loop {
            if !endpoint.breaker.lets_through(&self.clock) {
                return Err(endpoint.breaker.opens_at().map_or(GatewayError::NoEmbedding, GatewayError::Resting));
            }
            let done = self.embed_once(endpoint, texts, &Draft { attempt: i64::from(nth), ..draft }).await;
            let Err(GatewayError::Provider(error)) = &done else { return done };
            let Some(pause) = self.another_after(nth, error) else { return done };
            tracing::warn!(error = error as &dyn std::error::Error, nth, "no vectors came; once more");
            tokio::time::sleep(pause).await;
            nth += 1;
        }
    }

    async fn embed_once(
        &self,
        endpoint: &Endpoint,
        texts: &[String],
        draft: &Draft<'_>,
    ) -> Result<(Embedded, ModelCallRecord), GatewayError> {
        let counted = draft.counted;
        let reservation = self.reserve(endpoint, draft, Tier::Small).await?;
        let Some(reservation) = reservation else { return Err(GatewayError::NoEmbedding) };
        let result = endpoint.provider.embed(texts).await;
        endpoint.heed(&result, &self.clock);
        let used = match &result {
            Ok(Embedded { tokens: Some(input), .. }) => Used::Reported(Tokens { input: *input, ..Tokens::default() }),
            Ok(_) => Used::Counted(Tokens { input: i64::from(counted), ..Tokens::default() }),
            Err(error) if error.is_free() => Used::Nothing,
            Err(_) => Used::Seen,
        };
        let status = if result.is_ok() { ModelCallStatus::Done } else { ModelCallStatus::Failed };
        let error = result.as_ref().err().map(|error| storable(&error.to_string()));
        let call = reservation.settle(|call| (call.status, call.error) = (status, error), used).await;
        tell(&call);
        Ok((result?, call))
    }

    /// The pause after which another attempt may help; `None` where it would not, or there were enough.
    fn another_after(&self, nth: u32, error: &ProviderError) -> Option<std::time::Duration> {
        let pause = match error {
            ProviderError::Status { retry_after: Some(wait), .. } => *wait,
            _ => RETRY_PAUSE,
        };
        (nth < self.config.max_attempts && error.may_pass() && pause <= MAX_PAUSE).then_some(pause)
    }

    /// How long all attempts at one provider may take; a reservation stands longer.
    fn longest(&self) -> std::time::Duration {
        let patience = self.config.first_token_timeout() + self.config.stall_timeout();
        patience.max(std::time::Duration::from_mins(10))
    }
}

/// Tokens of an answer whose provider reports none.
fn counted(answer: &Answer, request: &Request) -> Tokens {
    let calls: u32 = answer.tool_calls.iter().map(|call| tokens::count(&call.arguments)).sum();
    Tokens {
        input: i64::from(request.prompt.tokens),
        output: i64::from(tokens::count(&answer.text) + calls),
        ..Tokens::default()
    }
}

fn len(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
