//! The time of a query where there is much to look through: of one person, and of many others beside.

use anyhow::{Context, Result};
use futures_util::future::BoxFuture;
use skillet::{
    ids::UserId,
    memory::{EmbedError, Embedder, Memory, Purpose},
    store::Db,
};
use std::{path::Path, sync::Arc, time::Instant};

use crate::{
    data::{History, Set},
    feed::{self, Store},
    measure::float,
    open,
    report::Report,
    time::Times,
};

/// Messages of one person, and how many questions are asked.
const FEW: usize = 3_000;
const MANY: usize = 50_000;
const QUESTIONS: usize = 400;

/// Messages of many people, where `SCALE` is set.
const CROWD: usize = 1_000_000;

/// Vectors that are drawn, as long as those of the host's own embedder: how long they take to be looked through does not
/// depend on what they say, and no text waits for its vector.
#[derive(Debug)]
struct Drawn;

/// Numbers of a vector.
const NUMBERS: usize = 512;

impl Embedder for Drawn {
    fn embed<'a>(&'a self, texts: &'a [String], _: Purpose) -> BoxFuture<'a, Result<Vec<Vec<f32>>, EmbedError>> {
        let drawn = |text: &String| {
            let mut bytes = [0; NUMBERS];
            blake3::Hasher::new().update(text.as_bytes()).finalize_xof().fill(&mut bytes);
            bytes.map(|byte| f32::from(byte) - 127.5).to_vec()
        };
        Box::pin(async move { Ok(texts.iter().map(drawn).collect()) })
    }

    fn model(&self) -> &'static str {
        "drawn"
    }
}

/// The messages of a set again and again, as one person's.
pub async fn run(report: &mut Report, engine: &str, url: &str, folder: &Path, longest: &Set) -> Result<()> {
    let mut store = open(url, folder, &format!("{engine} scale")).await?;
    for wanted in [FEW, MANY] {
        let user = store.person(&format!("{wanted} messages")).await?;
        let (mut said, mut nth) = (0, 0);
        let (before, indexed) = (store.indexing, store.indexed);
        while said < wanted {
            let history = &longest.histories[nth % longest.histories.len()];
            store.feed(user, history).await?;
            said += messages(history);
            nth += 1;
        }
        let name = format!("{engine}, {said} messages of one person");
        report.times(&format!("{name}: a query"), &ask(&store.memory(), user, longest).await?);
        let each = store.indexing.saturating_sub(before).as_secs_f64() * 1_000.0 / float(store.indexed - indexed);
        report.value(&format!("{name}: indexing a message"), "ms", each, store.indexed - indexed);
        report.value(&format!("{name}: index of all"), "MB", index_megabytes(&store.db).await?, store.indexed);
        let meaning = store.memory().with_embedder(Arc::new(Drawn));
        meaning.embed_missing().await?;
        report.times(&format!("{name}: a query with vectors"), &ask(&meaning, user, longest).await?);
    }
    if std::env::var_os("SCALE").is_some() {
        crowd(report, engine, &store, longest).await?;
    }
    store.db.close().await;
    Ok(())
}

/// The set that has the most to say.
pub fn longest(sets: &[Set]) -> Result<Set> {
    let longest = sets.iter().max_by_key(|set| set.histories.iter().map(messages).sum::<usize>());
    longest.cloned().context("a set")
}

fn messages(history: &History) -> usize {
    history.sessions.iter().map(|session| session.turns.len()).sum()
}

async fn ask(memory: &Memory, user: UserId, set: &Set) -> Result<Times> {
    let questions: Vec<&str> =
        set.histories.iter().flat_map(|history| &history.questions).map(|question| question.text.as_str()).collect();
    let every = (questions.len() / QUESTIONS).max(1);
    let mut times = Times::default();
    // The first query loads what is loaded lazily.
    feed::filled(memory, user, questions[0], 1_400).await?;
    for question in questions.into_iter().step_by(every) {
        times.of(feed::filled(memory, user, question, 1_400)).await?;
    }
    Ok(times)
}

/// The rows of the smaller person, copied for so many others that there are a million.
async fn crowd(report: &mut Report, engine: &str, store: &Store, set: &Set) -> Result<()> {
    let Db::Postgres(pool) = &store.db else { return Ok(()) };
    let first = store.person("3000 messages").await?;
    let began = Instant::now();
    for nth in 0..CROWD / FEW {
        let other = store.person(&format!("other {nth}")).await?;
        sqlx::query(
            "INSERT INTO search (user_id, kind, ref_id, turn_id, conversation_id, session, place, words, length, analyser, recorded_at)
             SELECT $1, kind, gen_random_uuid(), NULL, NULL, session + $3, place, words, length, analyser, recorded_at
             FROM search WHERE user_id = $2",
        )
        .bind(other.0)
        .bind(first.0)
        // Sessions are numbered for all people together.
        .bind(i64::try_from(nth + 1)? * 10_000_000)
        .execute(pool)
        .await?;
    }
    sqlx::query("ANALYZE search").execute(pool).await?;
    println!("{engine}: a million rows of others in {:.0} s", began.elapsed().as_secs_f64());
    report
        .times(&format!("{engine}, a million rows of many people: a query"), &ask(&store.memory(), first, set).await?);
    Ok(())
}

/// Megabytes of the index and of the rows that it is made from.
pub async fn index_megabytes(db: &Db) -> Result<f64> {
    let bytes: i64 = match db {
        Db::Sqlite(pool, _) => {
            sqlx::query_scalar("SELECT CAST(SUM(pgsize) AS INTEGER) FROM dbstat WHERE name LIKE 'search%'")
                .fetch_one(pool)
                .await?
        }
        Db::Postgres(pool) => sqlx::query_scalar("SELECT pg_total_relation_size('search')").fetch_one(pool).await?,
    };
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let megabytes = bytes as f64 / 1e6;
    Ok(megabytes)
}
