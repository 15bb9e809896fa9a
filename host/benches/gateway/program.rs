//! A gateway as a process of its own.

use anyhow::{Context, Result, bail};
use std::{
    fs::File,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::load::{Connection, Target};

/// How often a program that starts is asked whether it answers.
const KNOCK_EVERY: Duration = Duration::from_millis(2);

/// Longest start; a large program in an interpreter takes its time.
const PATIENCE: Duration = Duration::from_mins(2);

pub struct Program {
    pub target: Target,
    child: Child,
    /// From the start of the process to its first answer.
    pub start: Duration,
}

impl Program {
    /// Starts a program, and waits until it has answered a call. What it writes goes to a file in `folder`.
    pub async fn start(mut command: Command, target: Target, folder: &Path) -> Result<Self> {
        let log = folder.join(format!("{}.log", target.name));
        let out = File::create(&log)?;
        command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
        let began = Instant::now();
        let child = command.spawn().with_context(|| format!("{} cannot be run", target.name))?;
        let mut program = Self { target, child, start: Duration::ZERO };
        loop {
            let answered = match Connection::open(&program.target).await {
                Ok(mut connection) => connection.call(false).await.map(|_| ()),
                Err(error) => Err(error),
            };
            let Err(error) = answered else { break };
            if program.child.try_wait()?.is_some() || began.elapsed() > PATIENCE {
                let written = std::fs::read_to_string(&log).unwrap_or_default();
                bail!("{} does not start: {error:#}\n{written}", program.target.name);
            }
            tokio::time::sleep(KNOCK_EVERY).await;
        }
        program.start = began.elapsed();
        Ok(program)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Program {
    /// Asks it to end, so that it ends its own children too.
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(10) && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port of this machine that is free at this moment.
pub fn free_port() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
