//! What a message on Telegram costs: the binary of `SKILLET_BIN` against the scripted Bot API. Prints a
//! table and writes `target/bench/telegram.json`.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed run")]

#[path = "../all/harness"]
#[expect(dead_code, unused_imports, reason = "made for tests, of which this needs a part")]
mod harness {
    pub mod host;
    pub mod telegram;

    /// The root of the repository.
    pub fn root() -> &'static std::path::Path {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
    }
}

use harness::{
    host::{Host, Options},
    root,
    telegram::{Group, Person, Telegram, group, person, to_bot},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const ECHOES: usize = 200;
const CHATS: i64 = 20;
/// Messages in each chat.
const EACH: usize = 5;
const IDLE: Duration = Duration::from_secs(10);

/// Messages before the measured ones.
const WARM_UP: usize = 20;

/// A line of the table: a value, and where there are samples their percentiles.
struct Row {
    name: &'static str,
    unit: &'static str,
    value: f64,
    percentiles: Option<(f64, f64)>,
    n: usize,
}

fn main() {
    // A test run builds this too, and has nothing to measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let rows = runtime.block_on(run());
    report(&rows);
}

async fn run() -> Vec<Row> {
    let telegram = Telegram::start().await;
    let options = Options { bundle: true, ..Options::default() }.envs(telegram.env());
    let mut host = Host::start(options).await;
    host.token("admin").await;
    let ada = person(1, "Ada");
    admit(&telegram, &host, &ada, "owner").await;
    let mut rows = vec![echo(&telegram, &ada).await];
    rows.push(crowd(&telegram, &host, &ada).await);
    rows.extend(idle(&telegram).await);
    rows
}

async fn admit(telegram: &Telegram, host: &Host, person: &Person, role: &str) {
    telegram.write(person, "hello");
    telegram.wait_count(person.id, 1).await;
    let all = host.get("/api/v1/pairings").await.ok();
    let asked = all["pairings"].as_array().unwrap().iter().find(|pairing| pairing["chat_id"] == person.id).unwrap();
    let path = format!("/api/v1/pairings/{}/approve", asked["id"].as_str().unwrap());
    host.post(&path, &json!({ "role": role })).await.ok();
    telegram.wait_count(person.id, 2).await;
}

/// From the update that is handed out to the answer that comes in, one message after the other.
async fn echo(telegram: &Telegram, ada: &Person) -> Row {
    let mut samples = Vec::with_capacity(ECHOES);
    for n in 0..WARM_UP + ECHOES {
        let sent = telegram.write(ada, &format!("what is 1000000+{n}"));
        let answer = telegram.wait_text(ada.id, &format!("= {}", 1_000_000 + n)).await;
        let handed_out = telegram.handed_out(sent.update_id).await[0];
        if n >= WARM_UP {
            samples.push(millis(answer.at - handed_out));
        }
    }
    samples.sort_unstable_by(f64::total_cmp);
    let (p50, p99) = (samples[ECHOES / 2], samples[ECHOES * 99 / 100]);
    Row { name: "update out to answer in", unit: "ms", value: p50, percentiles: Some((p50, p99)), n: ECHOES }
}

/// Many chats at once, from the first message to the last answer.
async fn crowd(telegram: &Telegram, host: &Host, ada: &Person) -> Row {
    let members: Vec<Person> = (0..4).map(|n| person(10 + n, &format!("Member {n}"))).collect();
    for member in &members {
        admit(telegram, host, member, "member").await;
    }
    let groups: Vec<Group> = (4..CHATS).map(|n| group(-100 - n, &format!("Group {n}"))).collect();
    for group in &groups {
        telegram.send(&ada.says(&to_bot("what is 1+1")).in_group(group));
        telegram.wait_count(group.id, 1).await;
    }
    let chats: Vec<i64> = members.iter().map(|member| member.id).chain(groups.iter().map(|group| group.id)).collect();
    let before: Vec<usize> = chats.iter().map(|chat| telegram.messages(*chat).len()).collect();
    let began = Instant::now();
    for n in 0..EACH {
        for member in &members {
            telegram.write(member, &format!("what is 2000+{n}"));
        }
        for group in &groups {
            telegram.send(&ada.says(&to_bot(&format!("what is 2000+{n}"))).in_group(group));
        }
    }
    let mut last = began;
    for (chat, before) in chats.iter().zip(before) {
        last = last.max(telegram.wait_count(*chat, before + EACH).await.at);
    }
    Row { name: "100 messages over 20 chats", unit: "ms", value: millis(last - began), percentiles: None, n: 100 }
}

/// What the process does when nobody writes.
async fn idle(telegram: &Telegram) -> [Row; 2] {
    // What is done after a turn ends first.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (ticks, polls) = (ticks(), telegram.calls("getUpdates").len());
    tokio::time::sleep(IDLE).await;
    let used = self::ticks() - ticks;
    let polls = u32::try_from(telegram.calls("getUpdates").len() - polls).unwrap();
    let row = |name, unit, value| Row { name, unit, value, percentiles: None, n: 1 };
    [
        row("CPU in 10 idle seconds", "ticks", f64::from(used)),
        row("polls in 10 idle seconds", "calls", f64::from(polls)),
    ]
}

/// Clock ticks that the host has used, of which a second has a hundred.
fn ticks() -> u32 {
    let own = std::process::id().to_string();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let stats = processes.filter_map(|process| std::fs::read_to_string(process.path().join("stat")).ok());
    let fields =
        stats.filter_map(|stat| Some(stat.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect()));
    let children = fields.filter(|fields: &Vec<String>| fields.get(1) == Some(&own));
    children.map(|fields| fields[11].parse::<u32>().unwrap() + fields[12].parse::<u32>().unwrap()).sum()
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

fn report(rows: &[Row]) {
    println!("{:<32} {:>10} {:>10} {:>10} {:>6}", "", "value", "p50", "p99", "n");
    let mut entries: Vec<Value> = Vec::new();
    for Row { name, unit, value, percentiles, n } in rows {
        let cell = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.2}"));
        let (p50, p99) = (percentiles.map(|(p50, _)| p50), percentiles.map(|(_, p99)| p99));
        println!("{name:<32} {value:>10.2} {:>10} {:>10} {n:>6}  {unit}", cell(p50), cell(p99));
        entries.push(
            json!({ "name": name, "value": value, "unit": unit, "p50": p50, "p99": p99, "n": n, "versus": null }),
        );
    }
    let folder = root().join("target/bench");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("telegram.json"), serde_json::to_string_pretty(&entries).unwrap()).unwrap();
}
