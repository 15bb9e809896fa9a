//! How a version differs from the one that answers, word by word and host by host.

use super::{
    super::{Page, plain},
    limits::amount,
};
use crate::{
    config,
    skills::{AskedSecret, BOUNDS, Limits, Manifest},
};

/// Something that a version asks for, or asked for before.
pub struct Change {
    /// "added", "changed", "removed" or "same".
    pub state: &'static str,
    pub text: String,
    /// The capability and its word, or the secret's name, as the manifest has it.
    pub code: String,
}

/// A limit that is another one than before.
pub struct LimitChange {
    pub name: String,
    pub before: String,
    pub after: String,
}

/// The capabilities: what is new first, then what is gone, then what stays.
pub fn capabilities(page: &Page, before: Option<&Manifest>, after: &Manifest) -> Vec<Change> {
    let (old, new) = (before.map(words).unwrap_or_default(), words(after));
    let changes = compared(&old, &new).into_iter().map(|(state, (capability, word))| Change {
        state,
        text: plain::text(page, capability, word.as_deref()),
        code: word.as_ref().map_or_else(|| capability.clone(), |word| format!("{capability}: {word}")),
    });
    changes.collect()
}

fn compared<'a>(old: &'a [Word], new: &'a [Word]) -> Vec<(&'static str, &'a Word)> {
    let added = new.iter().filter(|word| !old.contains(word)).map(|word| ("added", word));
    let removed = old.iter().filter(|word| !new.contains(word)).map(|word| ("removed", word));
    let same = new.iter().filter(|word| old.contains(word)).map(|word| ("same", word));
    added.chain(removed).chain(same).collect()
}

/// A capability, with one word of its scope where that is a list.
type Word = (String, Option<String>);

fn words(manifest: &Manifest) -> Vec<Word> {
    let asked = manifest.asked().into_iter();
    let words = asked.flat_map(|(capability, scope)| {
        let words: Vec<_> = plain::words(&scope).into_iter().map(|word| word.map(str::to_owned)).collect();
        words.into_iter().map(move |word| (capability.clone(), word))
    });
    words.collect()
}

/// The secrets. One that goes elsewhere than before is a change: its value would go along.
pub fn secrets(before: Option<&Manifest>, after: &Manifest) -> Vec<Change> {
    let old = before.map(|before| before.secrets.as_slice()).unwrap_or_default();
    let named = |secrets: &[AskedSecret], name: &str| secrets.iter().find(|secret| secret.name == name).cloned();
    let change = |state, secret: &AskedSecret| Change { state, text: sent(secret), code: secret.name.clone() };
    let new = after.secrets.iter().map(|secret| match named(old, &secret.name) {
        None => change("added", secret),
        Some(before) if sent(&before) == sent(secret) => change("same", secret),
        Some(_) => change("changed", secret),
    });
    let removed = old.iter().filter(|secret| named(&after.secrets, &secret.name).is_none());
    new.chain(removed.map(|secret| change("removed", secret))).collect()
}

/// Where a secret goes: host, header, and what stands before the value.
fn sent(secret: &AskedSecret) -> String {
    format!("{} · {}: {}…", secret.host, secret.header, secret.prefix)
}

/// The limits that differ from those of the version that answers, or without one from the host's own.
pub fn limits(page: &Page, settings: &config::Skills, before: Option<&Manifest>, after: &Manifest) -> Vec<LimitChange> {
    let mut silent = Manifest { timeout_s: None, can_parallel: true, ..after.clone() };
    let _ = std::mem::take(&mut silent.limits);
    let (old, new) = (Limits::of(before.unwrap_or(&silent), settings), Limits::of(after, settings));
    let differ = BOUNDS.iter().filter(|bound| (bound.of)(&old) != (bound.of)(&new));
    let changes = differ.map(|bound| LimitChange {
        name: page.word("limit", bound.name),
        before: amount(page, bound.unit, (bound.of)(&old)),
        after: amount(page, bound.unit, (bound.of)(&new)),
    });
    changes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(rest: &str) -> Manifest {
        let head = "name = 'test'\nversion = '1.0.0'\ndescription = 'x'\ninput_schema = { type = 'object' }\n\
                    output_schema = {}\n";
        Manifest::parse(&format!("{head}{rest}")).unwrap()
    }

    #[test]
    fn what_is_new_stands_word_by_word() {
        let before = manifest("[capabilities]\nhttp = ['a.example', 'b.example']\nkv = true");
        let after = manifest("[capabilities]\nhttp = ['b.example', 'c.example']\njobs = true");
        let http = |host: &str| ("http".to_owned(), Some(host.to_owned()));
        assert_eq!(words(&before), [("kv".to_owned(), None), http("a.example"), http("b.example")]);
        let (old, new) = (words(&before), words(&after));
        let check = |old: &[Word], expected: &[(&str, &str, Option<&str>)]| {
            let found = compared(old, &new).into_iter();
            let found: Vec<_> = found.map(|(state, (name, word))| (state, name.as_str(), word.as_deref())).collect();
            assert_eq!(found, expected);
        };
        let (b, c) = (Some("b.example"), Some("c.example"));
        check(
            &old,
            &[
                ("added", "jobs", None),
                ("added", "http", c),
                ("removed", "kv", None),
                ("removed", "http", Some("a.example")),
                ("same", "http", b),
            ],
        );
        check(&[], &[("added", "jobs", None), ("added", "http", b), ("added", "http", c)]);
    }

    #[test]
    fn a_secret_that_goes_elsewhere_is_a_change() {
        let sent_to = |host: &str| {
            let secret = format!("[[secrets]]\nname = 'key'\nhost = '{host}'\nheader = 'authorization'");
            manifest(&format!("[capabilities]\nhttp = ['a.example', 'b.example']\n{secret}"))
        };
        let (before, after, none) = (sent_to("a.example"), sent_to("b.example"), manifest(""));
        let states = |before, after| secrets(before, after).into_iter().map(|change| change.state).collect::<Vec<_>>();
        assert_eq!(states(Some(&before), &after), ["changed"]);
        assert_eq!(states(Some(&before), &before), ["same"]);
        assert_eq!(states(Some(&before), &none), ["removed"]);
        assert_eq!(states(None, &after), ["added"]);
    }
}
