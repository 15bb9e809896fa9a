//! The way of a call: recorded, held up, spoilt or answered.

use serde_json::{Value, json};
use std::{
    io::Result,
    pin::pin,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinSet,
    time::sleep_until,
};

use super::{
    CONFLICT, TOKEN,
    faults::{Fault, Gate, Hold, Rule},
    fields::Fields,
    http::{Connection, Request},
    methods,
    world::{Call, Refusal, World},
};

/// Longest poll, in seconds.
const LONGEST_POLL: i64 = 50;

/// Updates of one answer at most.
const MOST_UPDATES: i64 = 100;

/// The world, and the wish to hear of changes.
#[derive(Default)]
pub struct State {
    world: Mutex<World>,
    pub changed: Notify,
}

impl State {
    pub fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let outcome = change(&mut self.world.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        self.changed.notify_waiters();
        outcome
    }

    pub fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.world.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

/// What happens to a connection after a call.
enum Next {
    Go,
    Reset,
    Close,
}

pub async fn serve(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let state = state.clone();
        connections.spawn(async move {
            // An error is a caller that hung up.
            let _ = connection(stream, &state).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, state: &State) -> Result<()> {
    let mut connection = Connection::new(stream);
    while let Some(request) = connection.request().await? {
        match call(state, &request, &mut connection).await? {
            Next::Go => {}
            Next::Reset => return connection.reset(),
            Next::Close => break,
        }
    }
    Ok(())
}

/// Serves one request.
async fn call(state: &State, request: &Request, connection: &mut Connection) -> Result<Next> {
    if let Some(path) = request.path.strip_prefix(&format!("/file/bot{TOKEN}/")) {
        return download(state, path, connection).await;
    }
    let method = request.path.strip_prefix(&format!("/bot{TOKEN}/"));
    let Some(method) = method.filter(|_| !state.look(|world| world.revoked)) else {
        return refuse(connection, &unknown(&request.path)).await;
    };
    let fields = match Fields::of(request) {
        Ok(fields) => fields,
        Err(wrong) => {
            let refusal = Refusal::bad(&wrong);
            state.change(|world| world.complaints.push(format!("{method}: {wrong}")));
            return refuse(connection, &refusal).await;
        }
    };
    let call = Call { method: methods::canonical(method), fields, at: Instant::now(), status: None };
    let (number, fault) = state.change(|world| {
        world.calls.push(call.clone());
        (world.calls.len() - 1, Rule::pick(&mut world.rules, &call))
    });
    let answered = |status: u16| state.change(|world| world.calls[number].status = Some(status));
    if !hold_up(state, &call, Hold::Before, connection).await {
        return Ok(Next::Close);
    }
    match fault {
        Some(Fault::Refuse(refusal)) => {
            answered(refusal.code);
            return refuse(connection, &refusal).await;
        }
        Some(Fault::Page(status)) => {
            answered(status);
            return page(connection, status).await;
        }
        Some(Fault::Reset) => return Ok(Next::Reset),
        Some(Fault::Hang) => {
            connection.hung_up().await;
            return Ok(Next::Close);
        }
        Some(Fault::ResetAfter | Fault::PageAfter(_) | Fault::OddAnswer) | None => {}
    }
    let Some(outcome) = perform(state, &call, connection).await else { return Ok(Next::Close) };
    if !hold_up(state, &call, Hold::After, connection).await {
        return Ok(Next::Close);
    }
    match fault {
        Some(Fault::ResetAfter) => return Ok(Next::Reset),
        Some(Fault::PageAfter(status)) => {
            answered(status);
            return page(connection, status).await;
        }
        _ => {}
    }
    match outcome {
        Ok(mut result) => {
            answered(200);
            if matches!(fault, Some(Fault::OddAnswer)) {
                result = json!({ "message_id": result["message_id"], "aura": "blue" });
            }
            respond(connection, 200, &json!({ "ok": true, "result": result })).await
        }
        Err(refusal) => {
            answered(refusal.code);
            if refusal.is_a_mistake() {
                complain(state, &call, &refusal);
            }
            refuse(connection, &refusal).await
        }
    }
}

fn complain(state: &State, call: &Call, refusal: &Refusal) {
    let fields = Value::Object(call.fields.values.clone());
    let complaint = format!("{} {fields}: {}", call.method, refusal.description);
    state.change(|world| world.complaints.push(complaint));
}

/// Why a path leads nowhere.
fn unknown(path: &str) -> Refusal {
    let known = path.starts_with("/bot") || path.starts_with("/file/bot");
    if known { Refusal::new(401, "Unauthorized") } else { Refusal::new(404, "Not Found") }
}

/// What a server in front says for itself.
async fn page(connection: &mut Connection, status: u16) -> Result<Next> {
    let page = format!("<html><head><title>{status}</title></head><body>nginx</body></html>");
    connection.respond(status, "text/html", page.as_bytes()).await?;
    Ok(Next::Go)
}

async fn respond(connection: &mut Connection, status: u16, body: &Value) -> Result<Next> {
    connection.respond(status, "application/json", body.to_string().as_bytes()).await?;
    Ok(Next::Go)
}

async fn refuse(connection: &mut Connection, refusal: &Refusal) -> Result<Next> {
    respond(connection, refusal.code, &refusal.value()).await
}

/// Waits until no gate holds the call up. False when the caller has hung up before.
async fn hold_up(state: &State, call: &Call, hold: Hold, connection: &mut Connection) -> bool {
    let Some(id) = state.change(|world| Gate::stop(&mut world.gates, call, hold)) else { return true };
    let opened = async {
        loop {
            let mut changed = pin!(state.changed.notified());
            changed.as_mut().enable();
            if !state.look(|world| world.gates.iter().any(|gate| gate.id == id)) {
                return;
            }
            changed.await;
        }
    };
    tokio::select! {
        () = opened => true,
        () = connection.hung_up() => false,
    }
}

/// The outcome of a call, or `None` when the caller has hung up before there was one.
async fn perform(
    state: &State,
    call: &Call,
    connection: &mut Connection,
) -> Option<std::result::Result<Value, Refusal>> {
    if call.method == "getUpdates" {
        tokio::select! {
            outcome = poll(state, call) => Some(outcome),
            () = connection.hung_up() => None,
        }
    } else {
        Some(state.change(|world| methods::answer(world, call)))
    }
}

/// Waits for updates, as long as the caller wants and nobody else polls.
async fn poll(state: &State, call: &Call) -> std::result::Result<Value, Refusal> {
    let offset = call.fields.int("offset").unwrap_or(0);
    let limit = usize::try_from(call.fields.int("limit").unwrap_or(MOST_UPDATES).clamp(1, MOST_UPDATES)).unwrap_or(1);
    let seconds = call.fields.int("timeout").unwrap_or(0).clamp(0, LONGEST_POLL);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(seconds.unsigned_abs());
    let (mine, from) = state.change(|world| {
        if let Some(kinds) = call.fields.json("allowed_updates") {
            world.queue.allow(kinds);
        }
        world.queue.newest_poll += 1;
        (world.queue.newest_poll, world.queue.confirm(offset))
    });
    loop {
        let mut changed = pin!(state.changed.notified());
        changed.as_mut().enable();
        // Nobody is told of what is handed out, or polls would wake each other.
        let updates = {
            let mut world = state.world.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if !world.webhook.is_empty() {
                let reason = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
                return Err(Refusal::new(409, &format!("Conflict: {reason}")));
            }
            if world.queue.newest_poll != mine {
                return Err(Refusal::new(409, CONFLICT));
            }
            world.queue.hand_out(from, limit)
        };
        if !updates.is_empty() {
            state.changed.notify_waiters();
            return Ok(json!(updates));
        }
        tokio::select! {
            () = changed => {}
            () = sleep_until(deadline) => return Ok(json!([])),
        }
    }
}

async fn download(state: &State, path: &str, connection: &mut Connection) -> Result<Next> {
    let found = state.look(|world| {
        let mut files = world.files.values();
        files.find(|file| file.path == path && !world.revoked).map(|file| file.bytes.clone())
    });
    match found {
        Some(bytes) => connection.respond(200, "application/octet-stream", &bytes).await?,
        None => return refuse(connection, &Refusal::new(404, "Not Found")).await,
    }
    Ok(Next::Go)
}
