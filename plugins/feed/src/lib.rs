//! Follows RSS and Atom feeds, and tells what is new in them.

mod kept;
mod read;
mod words;

use kept::Feed;
use read::Item;
use serde::{Deserialize, Serialize};
use skillet_sdk::{Call, Failure, JsonSchema, Skill, clock, http::Request, kv, schemars};
use std::collections::HashSet;
use words::Words;

struct Feeds;

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

#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Output {
    pub text: String,
    /// What is new since the last digest, feed by feed, the newest first.
    pub items: Vec<Item>,
}

/// A digest asks them one after the other, within the time of one call.
const MAX_FEEDS: usize = 20;
const TIMEOUT_MS: u32 = 5_000;
/// Told of one feed at once; the rest counts as seen.
const MAX_NEW: usize = 10;
/// Remembered of one feed: some hold hundreds of items, and old ones come back.
const MAX_SEEN: usize = 500;

impl Skill for Feeds {
    type Input = Input;
    type Output = Output;

    fn run(call: Call<Input>) -> Result<Output, Failure> {
        let words = Words { chinese: call.is_chinese() };
        let feeds: Vec<Feed> = kept::get(kept::FEEDS)?;
        let url = call.input.url.as_deref().map(str::trim).filter(|url| !url.is_empty());
        match (call.input.action, url) {
            (Action::List, _) => Ok(told(words.list(&feeds))),
            (Action::Digest, _) => digest(&feeds, call.deadline_ms, words),
            (Action::Add, Some(url)) => add(feeds, url, words),
            (Action::Remove, Some(url)) => remove(feeds, url, words),
            _ => Err(Failure::InvalidInput(words.either("which feed? Give its address", "哪个订阅？请给出网址"))),
        }
    }
}

fn told(text: String) -> Output {
    Output { text, items: Vec::new() }
}

fn add(mut feeds: Vec<Feed>, url: &str, words: Words) -> Result<Output, Failure> {
    let url = if url.contains("://") { url.to_owned() } else { format!("https://{url}") };
    let followed = |title: &str| told(words.either(format!("You follow {title}."), format!("已订阅 {title}。")));
    if let Some(there) = feeds.iter().find(|feed| feed.url == url) {
        return Ok(followed(&there.title));
    }
    if feeds.len() >= MAX_FEEDS {
        let (english, chinese) = ("feeds at most; remove one first", "个订阅为上限，请先取消一个");
        return Err(Failure::InvalidInput(format!("{MAX_FEEDS} {}", words.either(english, chinese))));
    }
    let (title, _) = fetch(&url)?;
    let title = if title.is_empty() { url.clone() } else { title };
    feeds.push(Feed { url, title: title.clone() });
    kept::set(kept::FEEDS, &feeds)?;
    Ok(followed(&title))
}

fn remove(mut feeds: Vec<Feed>, which: &str, words: Words) -> Result<Output, Failure> {
    let number = which.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let is_it = |feed: &Feed| {
        feed.url.trim_start_matches("https://") == which.trim_start_matches("https://")
            || feed.title.eq_ignore_ascii_case(which)
    };
    let at = feeds.iter().position(is_it).or(number.filter(|at| *at < feeds.len())).ok_or_else(|| {
        Failure::InvalidInput(words.either(format!("you follow no feed {which}"), format!("没有订阅 {which}")))
    })?;
    let gone = feeds.remove(at);
    kept::set(kept::FEEDS, &feeds)?;
    kv::delete(&kept::seen(&gone))?;
    let title = gone.title;
    Ok(told(words.either(format!("You no longer follow {title}."), format!("已取消订阅 {title}。"))))
}

fn digest(feeds: &[Feed], deadline_ms: u64, words: Words) -> Result<Output, Failure> {
    // So that time is left for keeping what was seen, whatever the last feed takes.
    let until = clock::now_ms() + deadline_ms.saturating_sub(2 * u64::from(TIMEOUT_MS));
    let late = || Failure::Unavailable(words.either("no time was left", "来不及读取"));
    let (mut items, mut texts, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    for feed in feeds {
        let title = &feed.title;
        match if clock::now_ms() > until { Err(late()) } else { fetch(&feed.url) } {
            Ok((_, found)) => {
                let (mut new, ids) = unseen(feed, found)?;
                seen.push((kept::seen(feed), ids));
                let more = new.len().saturating_sub(MAX_NEW);
                new.truncate(MAX_NEW);
                texts.extend((!new.is_empty()).then(|| words.news(title, &new, more)));
                items.extend(new);
            }
            Err(why) => {
                texts.push(words.either(format!("{title} cannot be read: {why}"), format!("{title} 无法读取：{why}")));
            }
        }
    }
    // Only now, so that a call that is cut short has told nothing and marked nothing.
    for (key, ids) in seen {
        kept::set(&key, &ids)?;
    }
    let text = match (feeds, &texts[..]) {
        ([], _) => words.list(feeds),
        (_, []) => words.either("Nothing new in your feeds.", "订阅里没有新内容。"),
        _ => texts.join("\n\n"),
    };
    Ok(Output { text, items })
}

/// What was not told before, and what is told after this, both the newest first.
fn unseen(feed: &Feed, found: Vec<Item>) -> Result<(Vec<Item>, Vec<String>), Failure> {
    let before: Vec<String> = kept::get(&kept::seen(feed))?;
    let mut ids: Vec<String> = found.iter().map(|item| kept::short(&item.id)).collect();
    let new = found.into_iter().zip(&ids).filter(|(_, id)| !before.contains(id)).map(|(item, _)| item).collect();
    ids.extend(before);
    let mut there = HashSet::new();
    ids.retain(|id| there.insert(id.clone()));
    ids.truncate(MAX_SEEN);
    Ok((new, ids))
}

/// The title of a feed, and what it holds, the newest first.
fn fetch(url: &str) -> Result<(String, Vec<Item>), Failure> {
    let accept = "application/atom+xml,application/rss+xml,application/xml;q=0.9,*/*;q=0.5";
    let request =
        Request::get(url).header("accept", accept).header("user-agent", "Skillet feed").timeout_ms(TIMEOUT_MS);
    read::read(&request.send()?.ok()?.body).map_err(|reason| Failure::Failed(format!("{url}: {reason}")))
}

skillet_sdk::export!(Feeds);
