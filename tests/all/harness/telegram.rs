//! Telegram as one bot sees it: the Bot API on a loopback port, in the hands of a test.
//!
//! It is strict: what the real one refuses is refused here, and a mistake of the bot fails the test
//! when this is dropped. People write with [`Telegram::send`]; what the bot says is in
//! [`Telegram::messages`]. Nothing in here sleeps: a wait ends when something has happened.
//!
//! | file | what it is |
//! |---|---|
//! | `http.rs`, `server.rs` | connections and the way of a call |
//! | `fields.rs`, `methods.rs`, `checks.rs` | parameters, what the methods do, what they refuse |
//! | `world.rs`, `updates.rs` | chats, files and the rest; the queue of updates |
//! | `people.rs` | who writes, and what |
//! | `faults.rs` | what goes wrong |

mod checks;
mod faults;
mod fields;
mod http;
mod methods;
mod people;
mod server;
mod updates;
mod world;

use serde_json::{Value, json};
use std::{
    net::{Ipv4Addr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpSocket},
    task::JoinSet,
    time::timeout,
};

pub use self::{
    faults::{Failing, Fault, Held},
    people::{Draft, Group, Media, Person, group, person, to_bot},
    world::{Call, Said},
};
use self::{
    faults::{Gate, Hold},
    server::State,
    world::{Chat, Pressed, World},
};

/// What the bot is known by.
pub const TOKEN: &str = "7000000001:AAFakeTokenOfTheScriptedTelegram0001";

/// What Telegram says to a poller when another one comes.
pub const CONFLICT: &str =
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";

/// How long a test waits for something. A busy machine takes its time.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running Bot API.
pub struct Telegram {
    address: SocketAddr,
    /// Keeps the port while nobody listens.
    _port: TcpSocket,
    state: Arc<State>,
    server: JoinSet<()>,
}

/// A message that somebody has sent.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    pub chat: i64,
    pub message_id: i64,
    pub update_id: i64,
}

/// Takes a free port without listening.
fn free_port() -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("an option");
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
    socket
}

/// Waits until `look` finds something.
async fn until<T>(state: &State, what: &str, mut look: impl FnMut(&World) -> Option<T>) -> T {
    let found = timeout(PATIENCE, async {
        loop {
            let mut changed = pin!(state.changed.notified());
            // From here on no change is missed, also one that comes before the wait.
            changed.as_mut().enable();
            if let Some(found) = state.look(&mut look) {
                return found;
            }
            changed.await;
        }
    });
    found.await.unwrap_or_else(|_| panic!("waited in vain for {what}\n{}", state.look(World::report)))
}

impl Telegram {
    pub async fn start() -> Self {
        let port = free_port();
        let address = port.local_addr().expect("it is bound");
        let mut telegram = Self { address, _port: port, state: Arc::default(), server: JoinSet::new() };
        telegram.up().await;
        telegram
    }

    /// The environment that gives a host this bot.
    pub fn env(&self) -> [(String, String); 2] {
        [
            ("SKILLET__TELEGRAM__TOKEN".to_owned(), TOKEN.to_owned()),
            ("SKILLET__TELEGRAM__API_URL".to_owned(), self.url()),
        ]
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    // --- what people do ---

    /// Sends a message.
    pub fn send(&self, draft: &Draft) -> Sent {
        let (sent, update) = self.prepare(draft);
        self.push_update(update);
        sent
    }

    /// Writes a text in the person's own chat.
    pub fn write(&self, person: &Person, text: &str) -> Sent {
        self.send(&person.says(text))
    }

    /// A message and its update, which has a number but is not handed out yet: for `push_update`.
    pub fn prepare(&self, draft: &Draft) -> (Sent, Value) {
        self.state.change(|world| {
            let message = draft.write(world);
            let update_id = world.queue.next_id();
            let message_id = message["message_id"].as_i64().unwrap_or_default();
            (Sent { chat: draft.chat(), message_id, update_id }, json!({ "update_id": update_id, "message": message }))
        })
    }

    /// Changes the text of a message that a person has sent.
    pub fn rewrite(&self, sent: &Sent, text: &str) -> i64 {
        self.state.change(|world| {
            let chat = world.chats.get_mut(&sent.chat).expect("somebody has written there");
            let said = chat.message(sent.message_id).expect("the message was sent");
            text.clone_into(&mut said.text);
            people::set_text(&mut said.value, text, false);
            said.value["edit_date"] = json!(world::unix_now());
            let message = said.value.clone();
            world.queue.push(json!({ "edited_message": message }))
        })
    }

    /// Presses a button under a message of the bot; the id of the press.
    pub fn press(&self, person: &Person, chat: i64, message: i64, data: &str) -> String {
        self.state.change(|world| {
            let id = format!("{}", 4_400_000_000_000 + world.number());
            let said = world.chats.get_mut(&chat).and_then(|chat| chat.message(message));
            let message = said.unwrap_or_else(|| panic!("no message {message} in {chat}")).value.clone();
            world.presses.insert(id.clone(), Pressed::default());
            world.queue.push(json!({ "callback_query": {
                "id": id, "from": person.value(), "message": message, "chat_instance": format!("{chat}"), "data": data,
            }}));
            id
        })
    }

    /// Adds an update as it is; one without an `update_id` gets the next.
    pub fn push_update(&self, update: Value) -> i64 {
        self.state.change(|world| world.queue.push(update))
    }

    /// Adds the update again, whether it was confirmed or not.
    pub fn redeliver(&self, update: i64) {
        self.state.change(|world| world.queue.push_again(update));
    }

    /// The number of the next update.
    pub fn next_update_id(&self, next: i64) {
        self.state.change(|world| world.queue.number_from(next));
    }

    /// The person blocks the bot, or the group throws it out.
    pub fn block(&self, chat: i64) {
        self.state.change(|world| world.chats.get_mut(&chat).expect("somebody has written there").blocked = true);
    }

    pub fn unblock(&self, chat: i64) {
        self.state.change(|world| world.chats.get_mut(&chat).expect("somebody has written there").blocked = false);
    }

    /// The group becomes a supergroup of another id.
    pub fn migrate(&self, group: &Group, to: &Group) {
        self.state.change(|world| {
            world.chats.insert(to.id, Chat::new(to.value()));
            let old = world.chats.get_mut(&group.id).expect("somebody has written there");
            old.moved_to = Some(to.id);
            let message = json!({
                "message_id": old.next_id(), "date": world::unix_now(), "chat": group.value(), "from": world::bot(),
                "migrate_to_chat_id": to.id,
            });
            world.queue.push(json!({ "message": message }));
        });
    }

    // --- what the bot did ---

    /// The bot's messages in a chat as they stand now, oldest first.
    pub fn messages(&self, chat: i64) -> Vec<Said> {
        self.state.look(|world| said(world, chat))
    }

    /// Waits until the bot's messages in a chat are as wanted.
    pub async fn wait_for<T>(&self, chat: i64, mut look: impl FnMut(&[Said]) -> Option<T>) -> T {
        until(&self.state, &format!("messages in chat {chat}"), |world| look(&said(world, chat))).await
    }

    /// Waits for a message that holds `part`; the newest one.
    pub async fn wait_text(&self, chat: i64, part: &str) -> Said {
        let what = format!("{part:?} in chat {chat}");
        until(&self.state, &what, |world| said(world, chat).into_iter().rfind(|said| said.text.contains(part))).await
    }

    /// Waits until the bot has so many messages in a chat; the last of them.
    pub async fn wait_count(&self, chat: i64, count: usize) -> Said {
        let what = format!("{count} messages in chat {chat}");
        until(&self.state, &what, |world| said(world, chat).into_iter().nth(count.checked_sub(1)?)).await
    }

    /// The calls of a method, oldest first.
    pub fn calls(&self, method: &str) -> Vec<Call> {
        self.state.look(|world| calls(world, method))
    }

    /// Waits until a method was called so often; all of its calls.
    pub async fn wait_calls(&self, method: &str, count: usize) -> Vec<Call> {
        let what = format!("{count} calls of {method}");
        until(&self.state, &what, |world| Some(calls(world, method)).filter(|calls| calls.len() >= count)).await
    }

    /// What was shown in a chat while the bot worked, such as `typing`.
    pub fn actions(&self, chat: i64) -> Vec<String> {
        let shown =
            |world: &World| world.actions.iter().filter(|(at, _)| *at == chat).map(|(_, what)| what.clone()).collect();
        self.state.look(shown)
    }

    pub async fn wait_action(&self, chat: i64) -> String {
        let what = format!("an action in chat {chat}");
        until(&self.state, &what, |world| {
            world.actions.iter().rfind(|(at, _)| *at == chat).map(|(_, what)| what.clone())
        })
        .await
    }

    /// Waits until a press is answered; what the bot says to it, which may be nothing.
    pub async fn wait_pressed(&self, press: &str) -> String {
        until(&self.state, "an answer to a press", |world| world.presses.get(press)?.answers.first().cloned()).await
    }

    /// Names and descriptions of the menu for a language; the empty one is for everybody.
    pub fn menu(&self, language: &str) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.state.look(|world| {
            let menus = world.menus.iter().filter(|menu| menu.language == language);
            let commands = menus.flat_map(|menu| &menu.commands);
            commands.map(|command| (text(&command["command"]), text(&command["description"]))).collect()
        })
    }

    pub async fn wait_menu(&self, language: &str) -> Vec<(String, String)> {
        let what = format!("a menu for {language:?}");
        until(&self.state, &what, |world| world.menus.iter().find(|menu| menu.language == language).map(|_| ())).await;
        self.menu(language)
    }

    /// Waits until the bot has confirmed an update.
    pub async fn confirmed(&self, update: i64) {
        let what = format!("update {update} to be confirmed");
        until(&self.state, &what, |world| world.queue.is_confirmed(update).then_some(())).await;
    }

    /// Waits until an update was handed out; when, each time.
    pub async fn handed_out(&self, update: i64) -> Vec<Instant> {
        let what = format!("update {update} to be handed out");
        let times = |world: &World| world.queue.handed_out(update).to_vec();
        until(&self.state, &what, |world| Some(times(world)).filter(|times| !times.is_empty())).await
    }

    /// What was wrong with calls so far; a test that takes them expects them.
    pub fn take_complaints(&self) -> Vec<String> {
        self.state.change(|world| std::mem::take(&mut world.complaints))
    }

    // --- what goes wrong ---

    /// Calls of a method that are about to fail, such as `failing("sendMessage").times(2).with(fault)`.
    pub fn failing(&self, method: &str) -> Failing {
        Failing::new(self.state.clone(), method)
    }

    /// Nothing fails any more that was to fail.
    pub fn lift_faults(&self) {
        self.state.change(|world| world.rules.clear());
    }

    /// Holds calls of a method up before they take effect.
    pub fn hold(&self, method: &str) -> Held {
        self.hold_when(method, |_| true)
    }

    /// Holds such calls of a method up before they take effect.
    pub fn hold_when(&self, method: &str, when: impl Fn(&Call) -> bool + Send + 'static) -> Held {
        self.gate(method, Hold::Before, when)
    }

    /// Holds such calls of a method up when they have taken effect but are not answered.
    pub fn hold_answer(&self, method: &str, when: impl Fn(&Call) -> bool + Send + 'static) -> Held {
        self.gate(method, Hold::After, when)
    }

    fn gate(&self, method: &str, hold: Hold, when: impl Fn(&Call) -> bool + Send + 'static) -> Held {
        let id = self.state.change(|world| {
            let id = world.number();
            world.gates.push(Gate::new(id, method, hold, when));
            id
        });
        Held { state: self.state.clone(), id }
    }

    /// Refuses connections, and ends those there are.
    pub async fn down(&mut self) {
        self.server.shutdown().await;
    }

    pub async fn up(&mut self) {
        let listener = TcpListener::bind(self.address).await.expect("nobody else listens here");
        self.server.spawn(server::serve(listener, self.state.clone()));
    }

    /// The token is not valid any more.
    pub fn revoke(&self) {
        self.state.change(|world| world.revoked = true);
    }

    pub fn restore(&self) {
        self.state.change(|world| world.revoked = false);
    }
}

impl Drop for Telegram {
    fn drop(&mut self) {
        let complaints = self.take_complaints();
        // A second panic would hide what failed first.
        assert!(complaints.is_empty() || std::thread::panicking(), "Telegram complains: {complaints:#?}");
    }
}

fn said(world: &World, chat: i64) -> Vec<Said> {
    let chat = world.chats.get(&chat);
    chat.into_iter().flat_map(|chat| &chat.said).filter(|said| said.by_bot).cloned().collect()
}

fn calls(world: &World, method: &str) -> Vec<Call> {
    world.calls.iter().filter(|call| call.method == method).cloned().collect()
}
