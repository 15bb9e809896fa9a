//! How much of the evidence memory finds, in which order, in how many tokens and in what time: conversations of
//! public sets are put into the product's own store, and each question is looked up without any model, on both
//! databases. Prints tables and writes `target/bench/memory.json`.

mod data;
mod feed;
mod measure;
#[path = "../jobs/postgres.rs"]
mod postgres;
mod report;
mod scale;
mod targets;
mod time;

use anyhow::Result;
use secrecy::SecretString;
use skillet::{
    gateway::count_tokens,
    memory::{Embedder, LocalEmbedder, Memory, Recalled},
    store::{Db, SearchKind},
};
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use data::{History, Set};
use feed::{Fed, Store};
use measure::{Means, Measured, float};
use report::Report;
use time::Times;

/// The program's.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Tokens of the block whose size is set against the whole history.
const ROOM: u32 = 2_000;

fn main() -> Result<()> {
    // A test run builds this too, and has nothing to measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let folder = std::env::var("DATA").map(PathBuf::from).unwrap_or_default();
    if !folder.is_dir() {
        println!("*** SKIPPED memory: name the folder of the sets, `make bench-memory DATA=…`. ***");
        return Ok(());
    }
    let mut sets = data::sets(&folder)?;
    let only = std::env::var("ONLY").unwrap_or_default();
    let wanted = |part: &str| only.is_empty() || only.split(',').any(|one| one == part);
    let scale = wanted("scale");
    let longest = if scale { Some(scale::longest(&sets)?) } else { None };
    sets.extend(data::crossed(&sets));
    sets.retain(|set| wanted(&set.name));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(&sets, longest.as_ref()))
}

async fn run(sets: &[Set], longest: Option<&Set>) -> Result<()> {
    let place = Folder::new()?;
    let mut report = Report::default();
    let server = postgres::start(&place.0)?;
    let mut engines = vec![("SQLite", "")];
    match &server {
        Some(server) => engines.push(("Postgres", &server.url)),
        None => println!("*** SKIPPED memory on Postgres: no Postgres on this machine. ***"),
    }
    let embedder = embedder(&place.0)?;
    for set in sets {
        for (engine, url) in &engines {
            found(&mut report, engine, url, &place.0, set, embedder.as_ref()).await?;
        }
    }
    for (engine, url) in &engines {
        if let Some(longest) = longest {
            scale::run(&mut report, engine, url, &place.0, longest).await?;
        }
    }
    targets::judge(&report);
    report.write("memory")
}

/// The embedder of the process, where its package is named.
fn embedder(place: &Path) -> Result<Option<Arc<dyn Embedder>>> {
    let Some(package) = std::env::var_os("EMBEDDER").filter(|package| !package.is_empty()) else {
        println!("*** SKIPPED vectors: name the package of the embedder, `make bench-memory EMBEDDER=…`. ***");
        return Ok(None);
    };
    let embedder = LocalEmbedder::open(Path::new(&package), &place.join("embedder"))?;
    Ok(Some(Arc::new(embedder)))
}

/// A database of its own for each set: on Postgres one server, whose people are told apart.
async fn open(url: &str, folder: &Path, name: &str) -> Result<Store> {
    let folder = folder.join(name);
    std::fs::create_dir_all(&folder)?;
    Ok(Store::new(Db::open(&SecretString::from(url), &folder, 8).await?))
}

/// What is found of one set on one database, one layer after another.
async fn found(
    report: &mut Report,
    engine: &str,
    url: &str,
    folder: &Path,
    set: &Set,
    embedder: Option<&Arc<dyn Embedder>>,
) -> Result<()> {
    let mut store = open(url, folder, &set.name).await?;
    let mut fed = Vec::new();
    for (number, history) in set.histories.iter().enumerate() {
        let user = store.person(&format!("{} {number}", set.name)).await?;
        fed.push((store.feed(user, history).await?, history, Measured::new(history)));
    }
    let mut lexical = Means::default();
    let words = store.memory();
    let (structured, times) = asked(&words, &fed, Some(&mut lexical)).await?;
    let name = format!("{} {engine}", set.name);
    report.means(&format!("{name}: lexical"), &lexical);
    report.means(&format!("{name}: + structure"), &structured);
    report.times(&format!("{name}: a query"), &times);
    let meaning = embedder.map(|embedder| store.memory().with_embedder(embedder.clone()));
    if let Some(meaning) = &meaning {
        meaning.embed_missing().await?;
        let (means, times) = asked(meaning, &fed, None).await?;
        report.means(&format!("{name}: + vectors"), &means);
        report.times(&format!("{name}: a query with vectors"), &times);
    }
    let mut learnt = 0;
    for (fed, history, _) in &fed {
        learnt += store.learn(fed, &history.sessions).await?;
    }
    if learnt > 0 {
        report.means(&format!("{name}: + structure + facts"), &asked(&words, &fed, None).await?.0);
        if let Some(meaning) = &meaning {
            meaning.embed_missing().await?;
            report.means(&format!("{name}: + vectors + facts"), &asked(meaning, &fed, None).await?.0);
        }
    }
    let each = store.indexing.as_secs_f64() * 1_000.0 / float(store.indexed.max(1));
    report.value(&format!("{name}: indexing a message"), "ms", each, store.indexed);
    report.value(&format!("{name}: index"), "MB", scale::index_megabytes(&store.db).await?, store.indexed);
    store.db.close().await;
    Ok(())
}

type People<'a> = [(Fed, &'a History, Measured)];

/// What the rankings of all questions are worth; `lexical` gets that of their words alone. Times are those of
/// filling a prompt.
async fn asked(memory: &Memory, people: &People<'_>, mut lexical: Option<&mut Means>) -> Result<(Means, Times)> {
    let (mut means, mut times) = (Means::default(), Times::default());
    for (fed, history, measured) in people {
        for question in history.questions.iter().filter(|question| !question.evidence.is_empty()) {
            let ranked = feed::ranked(memory, fed.user, &question.text).await?;
            measured.judge(question, &turns(fed, ranked.iter()), &mut means);
            if let Some(lexical) = lexical.as_deref_mut() {
                let mut by_words: Vec<&Recalled> = ranked.iter().filter(|one| one.parts.words > 0.0).collect();
                by_words.sort_by(|a, b| b.parts.words.total_cmp(&a.parts.words));
                measured.judge(question, &turns(fed, by_words.into_iter()), lexical);
            }
            let filled = times.of(feed::filled(memory, fed.user, &question.text, ROOM)).await?;
            let tokens: u32 = filled.iter().map(|one| count_tokens(&one.line(chrono_tz::UTC))).sum();
            means.add("tokens of a block", f64::from(tokens));
            means.add("tokens of the history", f64::from(measured.tokens()));
            let held: HashSet<usize> = turns(fed, filled.iter()).into_iter().collect();
            means.add("in the block", measured.held(question, &held));
        }
    }
    Ok((means, times))
}

/// The turns of a ranking, each once, in its order.
fn turns<'a>(fed: &Fed, ranked: impl Iterator<Item = &'a Recalled>) -> Vec<usize> {
    let mut seen = HashSet::new();
    let messages = ranked.filter(|one| one.kind == SearchKind::Message);
    let numbers = messages.filter_map(|one| fed.numbers.get(&one.turn?).copied());
    numbers.filter(|number| seen.insert(*number)).collect()
}

/// A folder that goes when the run ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let dir = std::env::temp_dir().join(format!("skillet-bench-memory-{}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        Ok(Self(dir))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
