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

use sqlx::{Connection, PgConnection};
use std::{
    fs::{self, File, TryLockError},
    hash::{DefaultHasher, Hash, Hasher},
    io,
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use super::root;

/// How long the server outlives the last test: the gap between two tests of one run is shorter.
const IDLE: Duration = Duration::from_secs(10);

/// How long a start may take on a busy machine.
const START: Duration = Duration::from_mins(1);

/// Between two looks at another process, which cannot notify this one.
const POLL: Duration = Duration::from_millis(25);

/// What the server may come to need, with as many tests at once as a large machine runs.
const DATA_BYTES: u64 = 1 << 30;

/// Tells this program that it is the keeper, and of which folder.
const KEEPER: &str = "SKILLET_TESTS_KEEPER";

/// Any number; the same for all that make a template.
const TEMPLATE_LOCK: i64 = 5_117_201;

/// The URL of a server without a database name, or `None` when this machine has no Postgres.
pub fn server() -> Option<&'static str> {
    static SERVER: OnceLock<Option<String>> = OnceLock::new();
    SERVER.get_or_init(find_server).as_deref()
}

fn find_server() -> Option<String> {
    if let Ok(url) = std::env::var("DATABASE_URL") {
        let (server, _name) = url.rsplit_once('/').expect("DATABASE_URL ends in a database's name");
        return Some(server.to_owned());
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

/// Ends what a keeper that was killed left behind.
fn remove_remains(state: &Path) {
    let Ok(data) = fs::read_to_string(state.join("data")) else { return };
    if let Ok(pid) = fs::read_to_string(Path::new(&data).join("db/postmaster.pid"))
        && let Some(pid) = pid.lines().next().and_then(|pid| rustix::process::Pid::from_raw(pid.parse().ok()?))
    {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::QUIT);
    }
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
    fs::remove_file(state.join("data")).unwrap();
}

/// Where the data goes: into memory where there is room, since each database is some 300 small files.
fn roomy_memory() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let free = rustix::fs::statvfs(memory).map_or(0, |disk| disk.f_bavail * disk.f_frsize);
    if free > DATA_BYTES { memory.to_owned() } else { std::env::temp_dir() }
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

/// A running server; it ends with this value.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let binaries = binaries().expect("looked for before the keeper was started");
        let account = Account::of_server();
        account.own(folder);
        let db = folder.join("db");
        // Words sort by language here, as on most real servers, and not by bytes as on SQLite: a
        // statement whose order depends on it shows in a test.
        let by_language = ["--locale-provider=icu", "--icu-locale=und"];
        if !account.run(&binaries.join("initdb"), &init_args(&db, &by_language)) {
            assert!(account.run(&binaries.join("initdb"), &init_args(&db, &[])), "initdb failed");
        }
        for _ in 0..3 {
            let port = free_port();
            let mut process = account.command(&binaries.join("postgres")).args(server_args(&db, port)).spawn().unwrap();
            if ready(&mut process, &db.join("postmaster.pid")) {
                return Self { process, url: format!("postgres://postgres@127.0.0.1:{port}") };
            }
        }
        panic!("Postgres does not start on a free port");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An immediate stop: nothing of this data is wanted again.
        let pid = rustix::process::Pid::from_child(&self.process);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::QUIT);
        let _ = self.process.wait();
    }
}

fn init_args(db: &Path, more: &[&str]) -> Vec<String> {
    let folder = format!("--pgdata={}", db.display());
    let fixed = [&folder, "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"];
    fixed.iter().chain(more).map(|&arg| arg.to_owned()).collect()
}

fn server_args(db: &Path, port: u16) -> Vec<String> {
    let settings = [
        // Loopback only, and no socket file that could clash with an installed server's.
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={port}"),
        "unix_socket_directories=".to_owned(),
        // The data need not outlive the server.
        "fsync=off".to_owned(),
        "synchronous_commit=off".to_owned(),
        "full_page_writes=off".to_owned(),
        "wal_level=minimal".to_owned(),
        "max_wal_senders=0".to_owned(),
        "autovacuum=off".to_owned(),
        "min_wal_size=32MB".to_owned(),
        "max_wal_size=64MB".to_owned(),
        // Small, but with room for as many tests as a large machine runs at once.
        "shared_buffers=32MB".to_owned(),
        "max_connections=300".to_owned(),
        "jit=off".to_owned(),
    ];
    let mut args = vec!["-D".to_owned(), db.display().to_string()];
    args.extend(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
    args
}

/// Waits until the server says in its pid file that it takes connections.
fn ready(process: &mut Child, pid_file: &Path) -> bool {
    let began = Instant::now();
    while began.elapsed() < START {
        if process.try_wait().unwrap().is_some() {
            return false;
        }
        let status = fs::read_to_string(pid_file).unwrap_or_default();
        if status.lines().nth(7).is_some_and(|status| status.trim() == "ready") {
            return true;
        }
        thread::sleep(POLL);
    }
    false
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The folder of the newest installed server programs.
fn binaries() -> Option<PathBuf> {
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = installed
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort();
    let newest_first = versions.into_iter().rev().map(|(_, bin)| bin);
    let path = std::env::var_os("PATH").unwrap_or_default();
    newest_first
        .chain(std::env::split_paths(&path))
        .find(|bin| bin.join("initdb").is_file() && bin.join("postgres").is_file())
}

/// Whom the server runs as: Postgres refuses root.
struct Account(Option<(u32, u32)>);

impl Account {
    fn of_server() -> Self {
        if !rustix::process::geteuid().is_root() {
            return Self(None);
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let ids = ["postgres", "nobody"].iter().find_map(|name| {
            let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
            let mut fields = line.split(':').skip(2);
            Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
        });
        Self(Some(ids.expect("root needs another account to run Postgres as")))
    }

    fn own(&self, folder: &Path) {
        if let Some((user, group)) = self.0 {
            std::os::unix::fs::chown(folder, Some(user), Some(group)).unwrap();
        }
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        // Nothing of the caller's environment (PGHOST, LANG …) changes the server.
        command.env_clear().current_dir("/").stdin(Stdio::null());
        if let Some((user, group)) = self.0 {
            command.uid(user).gid(group);
        }
        command
    }

    fn run(&self, program: &Path, args: &[String]) -> bool {
        self.command(program).args(args).status().is_ok_and(|status| status.success())
    }
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
    format!("{server}/{name}")
}

/// Removes a database that [`database`] made.
pub async fn drop_database(url: &str) {
    let (server, name) = url.rsplit_once('/').unwrap();
    let mut admin = connect(server).await;
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
        let url = format!("{server}/{draft}").into();
        skillet::store::Db::open(&url, Path::new(""), 1).await.unwrap().close().await;
        run(&mut admin, &format!("ALTER DATABASE {draft} RENAME TO {name}")).await;
    }
    // Closing the connection gives the lock back.
    admin.close().await.unwrap();
    name
}

async fn connect(server: &str) -> PgConnection {
    PgConnection::connect(&format!("{server}/postgres")).await.unwrap()
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
