//! RSS, RDF and Atom, as far as a digest needs them.

use atom_syndication as atom;
use serde::Serialize;
use skillet_sdk::{JsonSchema, schemars};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Item {
    #[serde(skip)]
    pub id: String,
    pub title: String,
    pub link: String,
    /// RFC 3339, or empty.
    pub date: String,
}

/// Items looked at; a digest is about the newest.
const MAX_ITEMS: usize = 200;
const MAX_TITLE_CHARS: usize = 200;

/// The title of a feed, and its items as they stand there: the newest first.
pub fn read(body: &[u8]) -> Result<(String, Vec<Item>), String> {
    let (title, items): (_, Vec<Item>) = match rss::Channel::read_from(body) {
        Ok(channel) => (plain(&channel.title), channel.items.into_iter().take(MAX_ITEMS).map(of_rss).collect()),
        Err(rss::Error::InvalidStartTag) => {
            let feed = atom::Feed::read_from(body).map_err(|error| format!("no RSS or Atom feed: {error}"))?;
            (plain(&feed.title.value), feed.entries.into_iter().take(MAX_ITEMS).map(of_atom).collect())
        }
        Err(error) => return Err(format!("no RSS or Atom feed: {error}")),
    };
    Ok((title, items.into_iter().filter_map(whole).collect()))
}

fn of_rss(item: rss::Item) -> Item {
    let date = item.pub_date.or_else(|| item.dublin_core_ext?.dates.into_iter().next()).unwrap_or_default();
    let date = atom::FixedDateTime::parse_from_rfc2822(&date)
        .or_else(|_| atom::FixedDateTime::parse_from_rfc3339(&date))
        .map(|date| date.to_rfc3339());
    Item {
        id: item.guid.map(|guid| guid.value).unwrap_or_default(),
        title: plain(&item.title.unwrap_or_default()),
        link: item.link.unwrap_or_default().trim().to_owned(),
        date: date.unwrap_or_default(),
    }
}

fn of_atom(entry: atom::Entry) -> Item {
    let link = entry.links.into_iter().find(|link| link.rel == "alternate");
    let date = entry.published.unwrap_or(entry.updated).to_rfc3339();
    Item { id: entry.id, title: plain(&entry.title.value), link: link.map(|link| link.href).unwrap_or_default(), date }
}

/// Every item has an id and a title, or is none.
fn whole(mut item: Item) -> Option<Item> {
    let first = |texts: [&String; 3]| texts.into_iter().find(|text| !text.is_empty()).cloned();
    item.id = first([&item.id, &item.link, &item.title])?;
    item.title = first([&item.title, &item.link, &item.id])?;
    Some(item)
}

/// A title on one line, without the HTML that many put into it.
fn plain(title: &str) -> String {
    let mut text = String::new();
    let mut rest = title;
    while let Some((before, after)) = rest.split_once('<') {
        let tag = after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/').then(|| after.split_once('>'));
        let (kept, behind) = tag.flatten().map_or(("<", after), |(_, behind)| ("", behind));
        text.extend([before, kept]);
        rest = behind;
    }
    text += rest;
    let words = html_escape::decode_html_entities(&text).split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(MAX_TITLE_CHARS).collect()
}

#[cfg(test)]
mod tests;
