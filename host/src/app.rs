//! Builds the parts, starts the roles, stops them in order. The only wiring, and the only place
//! that starts tasks which outlive a request.

mod leftovers;

use anyhow::Context;
use chrono::DateTime;
use clap::ValueEnum;
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::ExposeSecret;
use std::{
    fs::{self, File},
    os::unix::fs::DirBuilderExt,
    path::Path,
    pin::pin,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    agent::{self, Agent, GatewayEmbedder},
    backoffice::{self, Attempts, Backoffice, Conversations, SetupCode},
    clock::Clock,
    config::Config,
    gateway::{self, Gateway},
    ids::HostId,
    memory::{Embedder, LocalEmbedder, Memory},
    scheduler::{self, Scheduler},
    settings::Settings,
    skills::{Probed, Services, Skills, host_key},
    store::{Db, logged},
    telegram, telemetry,
    wake::Wake,
};

/// What a process does of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// The web side: pages and HTTP interface.
    Backoffice,
    /// Messages from and to Telegram.
    Telegram,
    /// Due jobs.
    Scheduler,
    /// Turns.
    Worker,
}

/// From the signal to the end of the process, at most.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// Part of that which turns and jobs in flight get to end by themselves.
const GRACE: Duration = Duration::from_secs(7);

/// What the key of hashes of forgotten words is derived for.
const FORGETTING: &str = "skillet 2026 what was forgotten";

/// The running parts, concrete.
pub struct App {
    pub config: Arc<Config>,
    pub clock: Clock,
    pub db: Db,
    /// What the owner changes while the host runs.
    pub settings: Settings,
    pub memory: Memory,
    pub skills: Arc<Skills>,
    pub gateway: Arc<Gateway>,
    pub agent: Arc<Agent>,
    /// What this process holds leases under.
    host: HostId,
    wake: Arc<Wake>,
    tasks: TaskTracker,
    stop: CancellationToken,
    books: JoinHandle<()>,
}

impl App {
    /// Opens the database and builds every part; nothing runs yet. `host` names the holder of
    /// leases: a server's is kept in its data folder, a command's is its own.
    pub async fn build(config: Config, clock: Clock, host: HostId) -> anyhow::Result<Self> {
        let config = Arc::new(config);
        let data_dir = make_data_dir(&config)?;
        let db = Db::open(&config.database.url, data_dir, config.database.max_connections)
            .await
            .context("the database cannot be opened")?;
        let settings = Settings::new(db.clone(), clock.clone(), &config);
        let wake = Arc::new(Wake::default());
        let gateway = Arc::new(Gateway::new(db.clone(), clock.clone(), settings.clone(), &config.gateway)?);
        let key = host_key(&config.skills.secret_key, data_dir, FORGETTING).context("the host's key cannot be used")?;
        let mut memory = Memory::new(db.clone(), clock.clone()).keyed(key);
        if let Some(embedder) = embedder(&config, &gateway).await {
            memory = memory.with_embedder(embedder);
        }
        let services = Services {
            db: db.clone(),
            clock: clock.clone(),
            memory: memory.clone(),
            settings: settings.clone(),
            gateway: Some(gateway.clone()),
            wake: wake.clone(),
            host,
        };
        let program = std::env::current_exe().context("this program's own file cannot be found")?;
        let skills = Arc::new(Skills::new(config.skills.clone(), services, program, data_dir)?);
        let parts = agent::Parts {
            db: db.clone(),
            clock: clock.clone(),
            settings: settings.clone(),
            memory: memory.clone(),
            skills: skills.clone(),
            gateway: gateway.clone(),
            config: config.clone(),
            host,
        };
        let agent = Arc::new(Agent::new(parts, wake.clone()));
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        // The books are kept until everything else has ended.
        let (keeper, bell) = (gateway.clone(), wake.clone());
        let books = TaskTracker::new().spawn(async move { keeper.keep_books(host, bell).await });
        Ok(Self { config, clock, db, settings, memory, skills, gateway, agent, host, wake, tasks, stop, books })
    }

    /// Has everybody look for work at once, as after a while without any.
    pub fn ring(&self) {
        self.wake.ring_all_here();
    }

    /// Starts running turns.
    pub fn start_worker(&self) {
        self.tasks.spawn(self.agent.clone().run(self.stop.clone(), GRACE));
    }

    /// Starts to make searchable what an earlier version has left, or a process that was killed.
    fn start_memory(&self) {
        let (memory, stop) = (self.memory.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            let refreshed = stop.run_until_cancelled(memory.refresh_index()).await;
            refreshed.map(|refreshed| logged("the index of memory is not up to date", refreshed));
        });
    }

    /// Starts running jobs.
    pub fn start_scheduler(&self) {
        let parts = scheduler::Parts {
            db: self.db.clone(),
            clock: self.clock.clone(),
            memory: self.memory.clone(),
            gateway: self.gateway.clone(),
            skills: self.skills.clone(),
            settings: self.settings.clone(),
            wake: self.wake.clone(),
            keeping: self.config.memory.clone(),
            retention_days: self.config.database.retention_days,
            host: self.host,
        };
        let scheduler = Scheduler::new(parts, self.config.scheduler.clone());
        self.tasks.spawn(scheduler.run(self.stop.clone(), GRACE));
    }

    /// Starts talking to Telegram, if there is a bot.
    pub fn start_telegram(&self) {
        if self.config.telegram.token.expose_secret().is_empty() {
            return;
        }
        let parts = telegram::Parts {
            db: self.db.clone(),
            clock: self.clock.clone(),
            agent: self.agent.clone(),
            skills: self.skills.clone(),
            settings: self.settings.clone(),
            config: self.config.telegram.clone(),
            wake: self.wake.clone(),
            host: self.host,
        };
        self.tasks.spawn(telegram::run(parts, self.stop.clone(), GRACE));
    }

    /// Starts to ring the bells of other processes on the same database, and to hear them.
    fn start_bells(&self) {
        let (db, wake, stop) = (self.db.clone(), self.wake.clone(), self.stop.clone());
        self.tasks.spawn(async move { db.share_bells(&wake, stop.cancelled()).await });
    }

    /// Starts to hand back memory that nobody needs any longer.
    fn start_handing_back(&self) {
        let (db, stop) = (self.db.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            stop.run_until_cancelled(leftovers::hand_back(db)).await;
        });
    }

    /// Starts to look at the skills whenever another process has changed them.
    fn start_watching_skills(&self) {
        let (skills, stop) = (self.skills.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            stop.run_until_cancelled(skills.watch()).await;
        });
    }

    /// Takes the address of the web side.
    async fn bind(&self) -> anyhow::Result<TcpListener> {
        let wanted = self.config.http.listen;
        TcpListener::bind(wanted).await.with_context(|| format!("`http.listen`: {wanted} cannot be used"))
    }

    /// Starts the web side.
    fn start_backoffice(
        &self,
        listener: TcpListener,
        setup: SetupCode,
        metrics: PrometheusHandle,
        probed: Arc<[Probed]>,
    ) {
        let parts = Arc::new(Backoffice {
            config: self.config.clone(),
            clock: self.clock.clone(),
            db: self.db.clone(),
            settings: self.settings.clone(),
            memory: self.memory.clone(),
            skills: self.skills.clone(),
            agent: self.agent.clone(),
            gateway: self.gateway.clone(),
            conversations: Conversations::default(),
            setup,
            metrics,
            probed,
            wake: self.wake.clone(),
            tasks: self.tasks.clone(),
            attempts: Attempts::default(),
            known_tokens: backoffice::known_tokens(),
            owner: OnceLock::new(),
        });
        self.tasks.spawn(backoffice::serve(listener, parts, self.stop.clone()));
    }

    /// Tells everything to stop and waits for it, within the promised time.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(STOP_WITHIN, self.tasks.wait()).await.is_err() {
            tracing::warn!("some work did not end in time and was left to its lease");
        }
        let _ = tokio::time::timeout(Duration::from_millis(500), self.skills.settle()).await;
        let _ = tokio::time::timeout(Duration::from_millis(500), self.gateway.flush()).await;
        self.books.abort();
        let _ = tokio::time::timeout(Duration::from_millis(500), telemetry::end_spans()).await;
        // A connection that is still in use must not hold up the end.
        let _ = tokio::time::timeout(Duration::from_millis(500), self.db.close()).await;
    }
}

/// Runs the host until it is told to stop.
pub async fn serve(config: Config, roles: &[Role]) -> anyhow::Result<()> {
    let metrics = telemetry::init_metrics()?;
    gateway::choose_tls();
    telemetry::init_spans(&config.telemetry)?;
    let clock = Clock::System;
    let data_dir = make_data_dir(&config)?.to_owned();
    // Held until the process ends: two servers in one folder would take each other's turns.
    let _lock = lock(&data_dir)?;
    let host = host_id(&data_dir, &clock)?;
    let app = App::build(config, clock, host).await?;
    let mut signal = pin!(stop_signal()?);
    let listener = if roles.contains(&Role::Backoffice) { Some(app.bind().await?) } else { None };
    tokio::select! {
        started = start(&app, roles, listener, metrics) => started?,
        () = &mut signal => {
            app.stop().await;
            return Ok(());
        }
    }
    signal.await;
    tracing::info!("stopping");
    app.stop().await;
    Ok(())
}

/// Takes up what was left, installs what is missing, starts the roles, and says so.
async fn start(
    app: &App,
    roles: &[Role],
    listener: Option<TcpListener>,
    metrics: PrometheusHandle,
) -> anyhow::Result<()> {
    // Whatever this host's id holds was left by an earlier process that is gone.
    let calls = app.skills.end_left_calls(Some(app.host), DateTime::UNIX_EPOCH).await?;
    let turns = app.db.hand_back_turns(app.host).await?;
    let jobs = app.db.recover_jobs(&app.clock, Some(app.host), DateTime::UNIX_EPOCH).await?;
    let asked = app.db.settle_lost(&app.clock, Some(app.host)).await?;
    if asked > 0 {
        tracing::warn!(asked, "questions to models that an earlier process left are booked at their estimate");
    }
    if calls + turns + jobs > 0 {
        tracing::info!(calls, turns, jobs, "work that an earlier process left is taken up again, its calls ended");
    }
    let probed = app.skills.probe().await.context("the sandbox is not safe to serve with")?;
    app.skills.install_bundle().await?;
    // What a process that ended half-way left behind is in nobody's way.
    if let Err(error) = app.skills.sweep_artefacts().await {
        tracing::warn!(error = &error as &dyn std::error::Error, "old compiled code could not be removed");
    }
    app.start_bells();
    app.start_watching_skills();
    app.start_memory();
    app.start_handing_back();
    for role in roles {
        match role {
            Role::Worker => app.start_worker(),
            Role::Scheduler => app.start_scheduler(),
            Role::Telegram => app.start_telegram(),
            Role::Backoffice => {}
        }
    }
    let Some(listener) = listener else {
        println!("Skillet is ready.");
        return Ok(());
    };
    let setup = SetupCode::fresh();
    let code = setup.code().to_owned();
    let owner = app.db.owner().await?;
    let address = listener.local_addr()?;
    app.start_backoffice(listener, setup, metrics, probed.into());
    println!("Skillet is ready: http://{address}");
    if owner.is_none() {
        println!("First run: enter the code {code} there to become the owner.");
    }
    Ok(())
}

/// Resolves at SIGTERM or SIGINT.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// What makes vectors for memory: the model that is configured, or the package beside the data.
async fn embedder(config: &Arc<Config>, gateway: &Arc<Gateway>) -> Option<Arc<dyn Embedder>> {
    if let Some(embedder) = GatewayEmbedder::new(gateway.clone()) {
        return Some(Arc::new(embedder));
    }
    let settings = config.clone();
    let find = move || LocalEmbedder::find(&settings.memory.embedder_file, &settings.data_dir);
    match tokio::task::spawn_blocking(find).await.ok()? {
        Ok(Some(embedder)) => Some(Arc::new(embedder)),
        Ok(None) => {
            tracing::info!("memory is searched by words alone: there is no embedder");
            None
        }
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "memory is searched by words alone");
            None
        }
    }
}

fn make_data_dir(config: &Config) -> anyhow::Result<&Path> {
    let dir = config.data_dir.as_path();
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .with_context(|| format!("`data_dir`: {} cannot be made", dir.display()))?;
    Ok(dir)
}

/// Takes the folder for one server; released when the file is dropped.
pub fn lock(data_dir: &Path) -> anyhow::Result<File> {
    let file = File::create(data_dir.join("serve.lock"))?;
    file.try_lock().with_context(|| format!("another skillet serves from {} already", data_dir.display()))?;
    Ok(file)
}

/// The id of this data folder's server, made on first use.
fn host_id(data_dir: &Path, clock: &Clock) -> anyhow::Result<HostId> {
    let file = data_dir.join("host-id");
    if let Ok(text) = fs::read_to_string(&file) {
        return text.trim().parse().with_context(|| format!("{} holds no id", file.display()));
    }
    let id = HostId::new(clock);
    fs::write(&file, format!("{id}\n")).with_context(|| format!("{} cannot be written", file.display()))?;
    Ok(id)
}
