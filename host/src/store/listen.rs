//! Bells between processes that share a Postgres. SQLite needs none: one process serves it.

use sqlx::{
    PgPool,
    postgres::{PgListener, PgPoolOptions},
};
use std::{convert::Infallible, time::Duration};

use super::{Db, Result};
use crate::wake::Wake;

/// The channel of all bells: a message on it is the bell's name and who rang it.
const CHANNEL: &str = "skillet";

/// What a listener sends to itself: a proxy may take a subscription that never brings anything.
const ECHO: &str = "echo";

/// Within this time a bell is carried to others once. A commit with a message waits for every other
/// such commit, so a burst of work must not become a burst of messages.
const PACE: Duration = Duration::from_millis(20);

/// Between two tries to listen.
const AGAIN: Duration = Duration::from_secs(5);

impl Db {
    /// Rings in other processes what rings here, and here what rings there, until told to stop. On
    /// SQLite there are no others. Without a connection the sweeps find everything, a little later.
    pub async fn share_bells(&self, wake: &Wake, stop: impl Future<Output = ()>) {
        let Self::Postgres(pool) = self else { return };
        let own = format!("{:016x}", rand::random::<u64>());
        let share = async { tokio::join!(hear(pool, wake, &own), tell(pool, wake, &own)) };
        tokio::select! {
            () = stop => {}
            _ = share => {}
        }
        wake.hear_others(false);
    }
}

async fn hear(pool: &PgPool, wake: &Wake, own: &str) {
    loop {
        let error = match listen(pool, wake, own).await {
            Ok(never) => match never {},
            Err(error) => error,
        };
        wake.hear_others(false);
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "other processes cannot be heard; sweeps find their work"
        );
        tokio::time::sleep(AGAIN).await;
    }
}

async fn listen(pool: &PgPool, wake: &Wake, own: &str) -> Result<Infallible> {
    // A pool of its own: the connection is held for good and taken from nobody.
    let options = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
    let apart = options.connect_with(pool.connect_options().as_ref().clone()).await?;
    let mut listener = PgListener::connect_with(&apart).await?;
    listener.listen(CHANNEL).await?;
    loop {
        send(pool, ECHO, own).await?;
        while let Some(heard) = listener.try_recv().await? {
            match heard.payload().split_once(' ') {
                Some((ECHO, by)) if by == own => {
                    wake.hear_others(true);
                    // What rang while nobody listened is not known.
                    wake.ring_all_here();
                }
                Some((bell, by)) if by != own => wake.ring_here(bell),
                _ => {}
            }
        }
        wake.hear_others(false);
    }
}

async fn tell(pool: &PgPool, wake: &Wake, own: &str) {
    loop {
        wake.owes().await;
        for bell in wake.take_owed() {
            if let Err(error) = send(pool, bell, own).await {
                tracing::debug!(error = &error as &dyn std::error::Error, bell, "other processes were not told");
            }
        }
        tokio::time::sleep(PACE).await;
    }
}

async fn send(pool: &PgPool, bell: &str, own: &str) -> Result<()> {
    let message = format!("{bell} {own}");
    sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(message).execute(pool).await?;
    Ok(())
}
