//! Skillet with everything on: a token, budgets for everybody, for the month and for the token, prices, the
//! cache, and SQLite as it is by default. And its books, once it has stopped.

use anyhow::{Result, ensure};
use secrecy::SecretString;
use skillet::{
    clock::Clock,
    store::{BudgetScope, BudgetWindow, Counter, Db, NewBudget, UsageBy, UsageRange},
};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::Ordering::Relaxed,
};

use crate::{
    load::Target,
    program::{Program, free_port},
    table::{Bound, Measured, Table, count},
    upstream::{INPUT_TOKENS, OUTPUT_TOKENS},
};

pub const SKILLET: &str = "Skillet";

/// Dollars for a million tokens in and out, so that a token costs whole micro-dollars.
const PRICES: (i64, i64) = (1, 2);

/// Far above what any run can spend.
const LIMIT_MICROS: i64 = 1_000_000_000_000;

/// The host's folder, settings and token.
pub struct Ours {
    folder: PathBuf,
    target: Target,
}

impl Ours {
    pub async fn new(folder: &Path, upstream: SocketAddr) -> Result<Self> {
        let folder = folder.join("skillet");
        std::fs::create_dir_all(folder.join("components"))?;
        let listen = free_port()?;
        std::fs::write(folder.join("skillet.toml"), settings(&folder, upstream, listen))?;
        let db = Db::open(&SecretString::from(""), &folder, 2).await?;
        db.create_owner(&Clock::System, "Ada", "").await?;
        let budget = |scope, window| NewBudget {
            scope,
            subject: String::new(),
            window,
            limit_micros: Some(LIMIT_MICROS),
            limit_tokens: None,
        };
        let budgets = [
            budget(BudgetScope::Owner, BudgetWindow::Day),
            budget(BudgetScope::Owner, BudgetWindow::Month),
            budget(BudgetScope::Token, BudgetWindow::Day),
        ];
        db.set_budgets(&Clock::System, &budgets).await?;
        db.close().await;
        let made = command(&folder).args(["token", "create", "--name", "bench"]).output()?;
        ensure!(made.status.success(), "no token was made: {}", String::from_utf8_lossy(&made.stderr));
        let headers = format!("authorization: Bearer {}\r\n", String::from_utf8(made.stdout)?.trim());
        Ok(Self { folder, target: Target::new(SKILLET, listen, headers, "small") })
    }

    pub async fn start(&self) -> Result<Program> {
        let mut command = command(&self.folder);
        command.arg("serve");
        Program::start(command, self.target.clone(), &self.folder).await
    }

    /// What every answered call has cost must be in the counters, in the sums and in the audit, and nothing may be
    /// held any more. To be called when the host has stopped.
    pub async fn check_books(&self, table: &mut Table) -> Result<()> {
        let db = Db::open(&SecretString::from(""), &self.folder, 2).await?;
        let answered = i64::try_from(self.target.answered.load(Relaxed))?;
        let owed = answered * (PRICES.0 * INPUT_TOKENS + PRICES.1 * OUTPUT_TOKENS);
        let rows = db.model_calls_of("mock-model", i64::MAX).await?;
        let (attempts, audited) = (rows.len(), rows.iter().map(|row| row.cost_micros).sum::<i64>());
        let sums = db.usage(UsageBy::Tier, &UsageRange::default(), 10).await?;
        let summed: i64 = sums.iter().map(|row| row.cost_micros).sum();
        let counters = counters(&db).await?;
        let (held, reserved, _) = db.reserved().await?;
        db.close().await;
        ensure!(counters.len() == 3, "{} counters for three budgets", counters.len());
        let mut wrong: Vec<i64> = counters.iter().map(|counter| counter.spent_micros - owed).collect();
        wrong.extend(counters.iter().map(|counter| counter.reserved_micros));
        wrong.extend([audited - owed, summed - owed, reserved, held, i64::try_from(attempts)? - answered]);
        let off = wrong.iter().map(|off| off.unsigned_abs()).max().unwrap_or_default();
        let off = Measured(count(usize::try_from(off)?), "micro-$");
        table.value("books: what the calls cost / audit, sums, counters, held: farthest apart", off, attempts);
        table.target("books", "audit = sums = counters = answered calls x price, none held", off, Bound::AtMost(0.0));
        Ok(())
    }
}

/// The counters of today and of this month; a run around midnight has those of two days, which are added up.
async fn counters(db: &Db) -> Result<Vec<Counter>> {
    let now = Clock::System.now();
    let mut counters: Vec<Counter> = Vec::new();
    for day in [now - chrono::Duration::days(1), now] {
        for counter in db.counters(&day.format("%Y-%m-%d").to_string()).await? {
            match counters.iter_mut().find(|known| known.budget_id == counter.budget_id) {
                Some(known) if known.id == counter.id => {}
                Some(known) => {
                    known.spent_micros += counter.spent_micros;
                    known.reserved_micros += counter.reserved_micros;
                }
                None => counters.push(counter),
            }
        }
    }
    Ok(counters)
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_skillet"));
    command.arg("--config").arg(folder.join("skillet.toml")).arg("--data-dir").arg(folder);
    command
}

fn settings(folder: &Path, upstream: SocketAddr, listen: SocketAddr) -> String {
    let (input, output) = PRICES;
    let components = folder.join("components");
    format!(
        "[http]
listen = \"{listen}\"
[skills]
bundle_dir = \"{}\"
install = []
[gateway.small]
base_url = \"http://{upstream}/v1\"
model = \"mock-model\"
api_key = \"any\"
paid = \"yes\"
[gateway.prices.\"mock-model\"]
input = \"{input}\"
output = \"{output}\"
[gateway.valves]
calls_per_minute = {most}
calls_per_minute_per_user = {most}
tokens_per_minute = {most}
in_flight = 256
",
        components.display(),
        most = u32::MAX,
    )
}
