//! A Postgres server with the installed programs and their default settings, so that a commit is on
//! disk when it returns.

use anyhow::{Context, Result, ensure};
use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How long a start may take on a busy machine.
const START: Duration = Duration::from_mins(1);

/// A running server; it ends with this value.
pub struct Server {
    process: Child,
    pub url: String,
}

/// Starts a server below `folder`, or none where none is installed.
pub fn start(folder: &Path) -> Result<Option<Server>> {
    let Some(programs) = programs() else { return Ok(None) };
    let account = account()?;
    let home = folder.join("postgres");
    fs::create_dir_all(&home)?;
    if let Some((user, group)) = account {
        chown(&home, Some(user), Some(group))?;
    }
    let command = |program: &str| {
        let mut command = Command::new(programs.join(program));
        command.env_clear().current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some((user, group)) = account {
            command.uid(user).gid(group);
        }
        command
    };
    let db = home.join("db");
    let made = command("initdb")
        .arg(format!("--pgdata={}", db.display()))
        .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"])
        .status()?;
    ensure!(made.success(), "initdb failed");
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let process = command("postgres")
        .arg("-D")
        .arg(&db)
        .args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", &format!("port={port}")])
        .spawn()?;
    let server = Server { process, url: format!("postgres://postgres@127.0.0.1:{port}/postgres") };
    let began = Instant::now();
    // The eighth line of the file says when connections are taken.
    while !fs::read_to_string(db.join("postmaster.pid"))
        .is_ok_and(|status| status.lines().nth(7).is_some_and(|line| line.trim() == "ready"))
    {
        ensure!(began.elapsed() < START, "Postgres does not start");
        std::thread::sleep(Duration::from_millis(25));
    }
    Ok(Some(server))
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.process);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::QUIT);
        let _ = self.process.wait();
    }
}

/// The folder of the newest installed server programs.
fn programs() -> Option<PathBuf> {
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = installed
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").is_file())
        .collect();
    versions.sort();
    versions.pop().map(|(_, bin)| bin)
}

/// Whom the server runs as: Postgres refuses root.
fn account() -> Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let line = ["postgres:", "nobody:"].iter().find_map(|name| users.lines().find(|line| line.starts_with(name)));
    let mut ids = line.context("root needs another account to run Postgres as")?.split(':').skip(2);
    let mut id = || ids.next().and_then(|id| id.parse().ok()).context("/etc/passwd cannot be read");
    Ok(Some((id()?, id()?)))
}
