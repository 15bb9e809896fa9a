//! Follows RSS and Atom feeds, and tells what is new in them.

use atom_syndication::{Entry, FixedDateTime};
use serde::{Deserialize, Serialize};
use skillet_sdk::{Call, Failure, JsonSchema, Skill, http::Request, kv, schemars};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    pub action: Action,
    /// The feed's address, for add and remove; to remove one, its title or its number in the list will do.
    #[schemars(length(min = 1, max = 400))]
    pub url: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Add,
    Remove,
    List,
    Digest,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Output {
    pub text: String,
    /// What is new since the last digest, feed by feed, the newest first.
    pub items: Vec<Item>,
}

#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Item {
    #[serde(skip)]
    pub id: u64,
    pub title: String,
    pub link: String,
    /// RFC 3339, or empty.
    pub date: String,
}

/// What is kept of a feed that a person follows, under its address.
#[derive(Serialize, Deserialize)]
struct Feed {
    url: String,
    title: String,
    /// The ids of the items that were told, the newest first.
    seen: Vec<u64>,
}

/// A digest asks them one after the other, each in its share of the call's time.
const MAX_FEEDS: u32 = 20;
/// Looked at in one feed; twice as many are remembered, since old ones come back.
const MAX_ITEMS: usize = 200;
/// Told of one feed at once; the rest counts as told.
const MAX_NEW: usize = 10;
const MAX_TITLE_CHARS: usize = 200;

/// The English or the Chinese text.
type Say<'a> = &'a dyn Fn(&str, &str) -> String;

struct Feeds;

impl Skill for Feeds {
    type Input = Input;
    type Output = Output;

    fn run(call: Call<Input>) -> Result<Output, Failure> {
        let say: Say = &|english, chinese| if call.is_chinese() { chinese } else { english }.to_owned();
        let keys = kv::keys("http", MAX_FEEDS)?;
        let feeds = keys.iter().filter_map(|key| kv::get_json(key).transpose()).collect::<Result<Vec<Feed>, _>>()?;
        let text = match (call.input.action, call.input.url.as_deref()) {
            (Action::List | Action::Digest, _) if feeds.is_empty() => say("You follow no feeds.", "您还没有订阅。"),
            (Action::List, _) => list(&feeds, say),
            (Action::Digest, _) => return digest(feeds, call.deadline_ms, say),
            (Action::Add, Some(url)) => add(&feeds, url.trim(), say)?,
            (Action::Remove, Some(url)) => remove(&feeds, url.trim(), say)?,
            _ => return Err(Failure::InvalidInput(say("which feed? Give its address", "哪个订阅？请给出网址"))),
        };
        Ok(Output { text, items: Vec::new() })
    }
}

fn list(feeds: &[Feed], say: Say) -> String {
    let line = |(feed, number): (&Feed, u32)| format!("\n{number}. {} {}", feed.title, feed.url);
    say("You follow:", "您订阅了：") + &feeds.iter().zip(1..).map(line).collect::<String>()
}

fn add(feeds: &[Feed], url: &str, say: Say) -> Result<String, Failure> {
    let url = if url.contains("://") { url.to_owned() } else { format!("https://{url}") };
    let title = match feeds.iter().find(|feed| feed.url == url) {
        Some(feed) => feed.title.clone(),
        None if feeds.len() < MAX_FEEDS as usize => {
            let (title, _) = fetch(&url, 10_000)?;
            kv::set_json(&url, &Feed { url: url.clone(), title: title.clone(), seen: Vec::new() })?;
            title
        }
        None => return Err(Failure::InvalidInput(say("20 feeds at most; remove one", "最多 20 个，请先取消一个"))),
    };
    Ok(say(&format!("You follow {title}."), &format!("已订阅 {title}。")))
}

fn remove(feeds: &[Feed], which: &str, say: Say) -> Result<String, Failure> {
    let is_it = |(feed, number): &(&Feed, u32)| {
        let names = [&number.to_string(), &feed.title, &feed.url, feed.url.trim_start_matches("https://")];
        names.iter().any(|name| name.eq_ignore_ascii_case(which))
    };
    let Some((Feed { url, title, .. }, _)) = feeds.iter().zip(1..).find(is_it) else {
        let unknown = say(&format!("you follow no feed {which}"), &format!("没有订阅 {which}"));
        return Err(Failure::InvalidInput(unknown));
    };
    kv::delete(url)?;
    Ok(say(&format!("You no longer follow {title}."), &format!("已取消订阅 {title}。")))
}

fn digest(mut feeds: Vec<Feed>, deadline_ms: u64, say: Say) -> Result<Output, Failure> {
    let (mut texts, mut items) = (Vec::new(), Vec::new());
    // One share is left for keeping what was told.
    let share_ms = u32::try_from(deadline_ms / (feeds.len() as u64 + 1)).unwrap_or(u32::MAX);
    for Feed { url, title, seen } in &mut feeds {
        match fetch(url, share_ms) {
            Ok((_, mut new)) => {
                new.retain(|item| !seen.contains(&item.id));
                seen.splice(..0, new.iter().map(|item| item.id));
                seen.truncate(2 * MAX_ITEMS);
                texts.extend((!new.is_empty()).then(|| news(title, &new, say)));
                items.extend(new.into_iter().take(MAX_NEW));
            }
            Err(why) => texts.push(say(&format!("{title} cannot be read: {why}"), &format!("{title} 无法读取：{why}"))),
        }
    }
    // Only now, so that a call that is cut short has told nothing and marked nothing.
    feeds.iter().try_for_each(|feed| kv::set_json(&feed.url, feed))?;
    let nothing = say("Nothing new in your feeds.", "订阅里没有新内容。");
    Ok(Output { text: if texts.is_empty() { nothing } else { texts.join("\n\n") }, items })
}

fn news(title: &str, new: &[Item], say: Say) -> String {
    let mut text = title.to_owned();
    for item in new.iter().take(MAX_NEW) {
        let day = item.date.get(..10).map(|day| format!(" ({day})")).unwrap_or_default();
        text += format!("\n- {}{day} {}", item.title, item.link).trim_end();
    }
    match new.len().saturating_sub(MAX_NEW) {
        0 => text,
        more => text + &say(&format!("\n… and {more} more"), &format!("\n……另有 {more} 条")),
    }
}

/// The title of a feed, and what it holds, the newest first.
fn fetch(url: &str, timeout_ms: u32) -> Result<(String, Vec<Item>), Failure> {
    let request = Request::get(url).header("accept", "application/atom+xml,application/rss+xml,*/*;q=0.5");
    let response = request.header("user-agent", "Skillet feed").timeout_ms(timeout_ms).send()?.ok()?;
    let none = || Failure::Failed(format!("there is no RSS or Atom feed at {url}, or no whole one"));
    let (title, items) = read(&response.body).ok_or_else(none)?;
    Ok((if title.is_empty() { url.to_owned() } else { title }, items))
}

/// The title of a feed in RSS, RDF or Atom, and its items as they stand there.
pub fn read(body: &[u8]) -> Option<(String, Vec<Item>)> {
    if let Ok(channel) = rss::Channel::read_from(body) {
        return Some((plain(&channel.title), channel.items.into_iter().filter_map(of_rss).take(MAX_ITEMS).collect()));
    }
    let feed = atom_syndication::Feed::read_from(body).ok()?;
    Some((plain(&feed.title.value), feed.entries.into_iter().filter_map(of_atom).take(MAX_ITEMS).collect()))
}

fn of_rss(item: rss::Item) -> Option<Item> {
    let date = item.pub_date.or_else(|| item.dublin_core_ext?.dates.into_iter().next()).unwrap_or_default();
    let date = FixedDateTime::parse_from_rfc2822(&date).or_else(|_| FixedDateTime::parse_from_rfc3339(&date));
    let id = item.guid.map(|guid| guid.value).unwrap_or_default();
    whole(&id, &item.title.unwrap_or_default(), &item.link.unwrap_or_default(), date.ok())
}

fn of_atom(entry: Entry) -> Option<Item> {
    let link = entry.links.into_iter().find(|link| link.rel == "alternate").map(|link| link.href);
    whole(&entry.id, &entry.title.value, &link.unwrap_or_default(), Some(entry.published.unwrap_or(entry.updated)))
}

/// An item with an id and a title, or none.
fn whole(id: &str, title: &str, link: &str, date: Option<FixedDateTime>) -> Option<Item> {
    let (title, link) = (plain(title), link.trim().to_owned());
    let first = |texts: [&str; 3]| texts.into_iter().find(|text| !text.is_empty()).map(str::to_owned);
    let (id, title) = (short(&first([id, &link, &title])?), first([&title, &link, id])?);
    Some(Item { id, title, link, date: date.map(|date| date.to_rfc3339()).unwrap_or_default() })
}

/// A title on one line, without the HTML that many put into it.
fn plain(title: &str) -> String {
    let text = nanohtml2text::html2text(title);
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_TITLE_CHARS).collect()
}

/// A text of any length as a number, the same in every version of this skill: FNV-1a.
pub fn short(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

skillet_sdk::export!(Feeds);
