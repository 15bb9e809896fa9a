//! The limits of calls at once, and of those that wait, tried on places of their own.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::Probed;
use crate::skills::{
    CallFailure, FailureKind,
    executor::{OwnPlaces, Place, Places},
};

/// How long a call of these probes waits for a place.
const PATIENCE: Duration = Duration::from_millis(20);

/// One place in all, one for a skill, one that waits: each is asked for one more.
pub async fn tried() -> Vec<Probed> {
    let skill = |places| Arc::new(OwnPlaces::new(places));
    let mut probed = Vec::new();
    let mut told = |limit, tried, began: Instant, bites: bool| {
        let took_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let fault = (!bites).then(|| "it found a place".to_owned());
        probed.push(Probed { limit, tried, took_us, fault });
    };

    let (began, places, own) = (Instant::now(), Places::of(2, 0, PATIENCE), skill(1));
    let first = places.take(&own);
    told("concurrency", "calls one more", began, first.is_ok() && is_busy(&places.wait(&own).await));

    let (began, places) = (Instant::now(), Places::of(1, 0, PATIENCE));
    let first = places.take(&skill(1));
    told("max_calls", "calls another skill", began, first.is_ok() && is_busy(&places.wait(&skill(1)).await));

    let (began, places, own) = (Instant::now(), Places::of(1, 1, PATIENCE), skill(3));
    let first = places.take(&own);
    let (waiting, more) = tokio::join!(places.wait(&own), places.wait(&own));
    let at_once = more.as_ref().is_err_and(|failure| failure.text.contains("waiting already"));
    told("max_queue", "waits behind one that waits", began, first.is_ok() && is_busy(&more) && at_once);
    told("queue_timeout_s", "waits for a place that does not become free", began, is_busy(&waiting));
    probed
}

fn is_busy(place: &Result<Place, CallFailure>) -> bool {
    matches!(place, Err(CallFailure { kind: FailureKind::Busy, .. }))
}
