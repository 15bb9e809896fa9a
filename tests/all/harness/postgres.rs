//! A throw-away Postgres that all test processes of a run share.
//!
//! `cargo nextest` runs a process per test, so no single test can own the server. The first one
//! starts a *keeper*: this program again, in a process group of its own. The keeper starts the
//! server and ends it when no test has been around for [`IDLE`]. Who is around is a shared lock on
//! a file, which the system releases however a process ends:
//!
//! | file | held by |
//! |---|---|
//! | `users.lock` | shared by every test process; exclusively by the keeper while it stops the server |
//! | `start.lock` | the test process that looks for the server or starts it |
//! | `keeper.lock` | the keeper, as long as it lives |
//!
//! With `DATABASE_URL` set, that server is used instead. Either way each test gets a database of its
//! own, copied from a migrated template.

mod server;

use sqlx::{Connection, PgConnection};
use std::{
    fs::{self, File, TryLockError},
    hash::{DefaultHasher, Hash, Hasher},
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use self::server::{Server, binaries, roomy_memory};
use super::root;

/// How long the server outlives the last test: the gap between two tests of one run is shorter.
const IDLE: Duration = Duration::from_secs(10);

/// How long a start may take on a busy machine.
const START: Duration = Duration::from_mins(1);

/// Between two looks at another process, which cannot notify this one.
const POLL: Duration = Duration::from_millis(25);

/// Tells this program that it is the keeper, and of which folder.
const KEEPER: &str = "SKILLET_TESTS_KEEPER";

/// Any number; the same for all that make a template.
const TEMPLATE_LOCK: i64 = 5_117_201;

/// The URL of a database on the server from which others are made, or `None` when this machine has
/// no Postgres.
pub fn server() -> Option<&'static str> {
    static SERVER: OnceLock<Option<String>> = OnceLock::new();
    SERVER.get_or_init(find_server).as_deref()
}

fn find_server() -> Option<String> {
    if let Ok(url) = std::env::var("DATABASE_URL") {
        return Some(url);
    }
    if binaries().is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI must have Postgres, and this machine has none");
        return None;
    }
    Some(shared_server(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("postgres")))
}

/// Finds the server of this run, or starts it.
fn shared_server(state: &Path) -> String {
    fs::create_dir_all(state).unwrap();
    let users = open(state, "users.lock");
    users.lock_shared().unwrap();
    // This process counts as a user until it ends.
    std::mem::forget(users);

    let start = open(state, "start.lock");
    start.lock().unwrap();
    let keeper_is_gone = open(state, "keeper.lock").try_lock().is_ok();
    if keeper_is_gone {
        remove_remains(state);
        start_keeper(state);
    }
    let began = Instant::now();
    loop {
        if let Ok(url) = fs::read_to_string(state.join("url")) {
            return url;
        }
        let log = fs::read_to_string(state.join("keeper.log")).unwrap_or_default();
        assert!(began.elapsed() < START && !log.contains("panicked"), "Postgres did not start:\n{log}");
        thread::sleep(POLL);
    }
}

fn start_keeper(state: &Path) {
    let log = File::create(state.join("keeper.log")).unwrap();
    let mut keeper = Command::new(std::env::current_exe().unwrap());
    keeper.args(["--exact", "harness::postgres::keeper", "--nocapture"]).env(KEEPER, state);
    // Its own group and no pipe of ours: neither Ctrl-C nor the end of this test reaches it, and
    // no test runner waits for it.
    keeper.process_group(0).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    #[expect(clippy::zombie_processes, reason = "it outlives this process")]
    keeper.spawn().unwrap();
}

/// Removes what a keeper that was killed left behind. Its server ends by itself within a minute when
/// it finds its files gone.
fn remove_remains(state: &Path) {
    let Ok(data) = fs::read_to_string(state.join("data")) else { return };
    let _ = fs::remove_dir_all(&data);
    for file in ["data", "url"] {
        let _ = fs::remove_file(state.join(file));
    }
}

/// Passes at once in a test run; as the keeper it is the life of the server.
#[test]
fn keeper() {
    let Some(state) = std::env::var_os(KEEPER).map(PathBuf::from) else { return };
    let lock = open(&state, "keeper.lock");
    lock.lock().unwrap();
    let data = tempfile::Builder::new().prefix("skillet-postgres-").tempdir_in(roomy_memory()).unwrap();
    fs::write(state.join("data"), data.path().to_str().unwrap()).unwrap();
    let mut server = Server::start(data.path());
    publish(&state, &server.url);

    let users = open(&state, "users.lock");
    let mut seen = Instant::now();
    loop {
        match users.try_lock() {
            // While this lock is held no new test comes in, so none finds a server that is going.
            Ok(()) if seen.elapsed() >= IDLE => break,
            Ok(()) => users.unlock().unwrap(),
            Err(TryLockError::WouldBlock) => seen = Instant::now(),
            Err(TryLockError::Error(error)) => panic!("{error}"),
        }
        assert!(server.process.try_wait().unwrap().is_none(), "Postgres ended by itself");
        thread::sleep(Duration::from_millis(250));
    }
    fs::remove_file(state.join("url")).unwrap();
    drop(server);
    drop(data);
    fs::remove_file(state.join("data")).unwrap();
    // Before `users`: whoever gets in next must find that the keeper is gone.
    drop(lock);
}

/// Writes a file that is complete as soon as it is there.
fn publish(state: &Path, url: &str) {
    let draft = state.join("url.draft");
    fs::write(&draft, url).unwrap();
    fs::rename(draft, state.join("url")).unwrap();
}

fn open(state: &Path, name: &str) -> File {
    File::options().create(true).truncate(false).write(true).open(state.join(name)).unwrap()
}

/// The URL of a fresh, migrated database.
pub async fn database(server: &str) -> String {
    create_database(server, &template(server).await).await
}

/// The URL of a fresh database without a table.
pub async fn empty_database(server: &str) -> String {
    create_database(server, "template0").await
}

async fn create_database(server: &str, template: &str) -> String {
    let name = format!("skillet_test_{}", uuid::Uuid::now_v7().simple());
    let mut admin = connect(server).await;
    run(&mut admin, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    admin.close().await.unwrap();
    named(server, &name)
}

/// The URL of another database on the same server.
fn named(server: &str, database: &str) -> String {
    let mut url = reqwest::Url::parse(server).unwrap();
    url.set_path(database);
    url.into()
}

/// Removes a database that [`database`] or [`empty_database`] made on this machine's server.
pub async fn drop_database(url: &str) {
    let name = reqwest::Url::parse(url).unwrap().path().trim_start_matches('/').to_owned();
    let mut admin = connect(server().expect("it made the database")).await;
    run(&mut admin, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
    admin.close().await.unwrap();
}

/// The name of a migrated database to copy, made by whoever needs it first.
async fn template(server: &str) -> String {
    let mut hash = DefaultHasher::new();
    let mut files: Vec<PathBuf> =
        fs::read_dir(root().join("migrations/postgres")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        file.file_name().hash(&mut hash);
        fs::read(file).unwrap().hash(&mut hash);
    }
    let name = format!("skillet_template_{:016x}", hash.finish());

    let mut admin = connect(server).await;
    sqlx::query("SELECT pg_advisory_lock($1)").bind(TEMPLATE_LOCK).execute(&mut admin).await.unwrap();
    let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
        .bind(&name)
        .fetch_one(&mut admin)
        .await
        .unwrap();
    if !known {
        // It gets its name when it is whole: a run that was broken off leaves no half template.
        let draft = format!("{name}_draft");
        run(&mut admin, &format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).await;
        run(&mut admin, &format!("CREATE DATABASE {draft} TEMPLATE template0")).await;
        let url = named(server, &draft).into();
        skillet::store::Db::open(&url, Path::new(""), 1).await.unwrap().close().await;
        run(&mut admin, &format!("ALTER DATABASE {draft} RENAME TO {name}")).await;
    }
    // Closing the connection gives the lock back.
    admin.close().await.unwrap();
    name
}

async fn connect(server: &str) -> PgConnection {
    PgConnection::connect(server).await.unwrap()
}

/// Runs a statement whose names come from this file.
async fn run(admin: &mut PgConnection, statement: &str) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(admin).await.unwrap();
}

/// Says loudly that half of the store tests did not happen.
pub fn say_skipped(test: &str) {
    use io::Write;
    // Past the capture of the test program, which hides what passing tests print.
    let _ = writeln!(
        io::stderr(),
        "\n*** SKIPPED {test}: no Postgres on this machine. Install one or set DATABASE_URL. ***\n"
    );
}
