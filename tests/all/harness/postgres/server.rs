//! A Postgres server from the installed programs: made for speed, forgotten afterwards.

use std::{
    fs,
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Instant,
};

use super::{POLL, START};

/// What the server may come to need, with as many tests at once as a large machine runs.
const DATA_BYTES: u64 = 1 << 30;

/// A running server; it ends with this value.
pub struct Server {
    pub process: Child,
    /// Of the database that is always there.
    pub url: String,
}

impl Server {
    pub fn start(folder: &Path) -> Self {
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
                return Self { process, url: format!("postgres://postgres@127.0.0.1:{port}/postgres") };
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
pub fn binaries() -> Option<PathBuf> {
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

/// Where the data goes: into memory where there is room, since each database is some 300 small files.
pub fn roomy_memory() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let free = rustix::fs::statvfs(memory).map_or(0, |disk| disk.f_bavail * disk.f_frsize);
    if free > DATA_BYTES { memory.to_owned() } else { std::env::temp_dir() }
}
