//! What a clause states, by the first rule that fits it.

use regex::Regex;
use std::sync::LazyLock;

use super::{
    Statement, asks_to_remember,
    clause::{Clause, Tense},
    en, expires, meaning,
    rule::{Rule, Says},
    slug,
    subject::Subject,
    value,
    when::When,
    zh,
};
use crate::{memory::segment::is_chinese, store::FactClass};

/// The facts of a clause; `sentence` is what it stands in.
pub fn stated(clause: &Clause, sentence: &str, when: &When) -> Vec<Statement> {
    if matches!(clause.tense, Tense::Planned | Tense::LongAgo) {
        return Vec::new();
    }
    if let Some(found) =
        en::OWN.iter().find_map(|rule| applied(rule, (clause, sentence), &Subject::Own, &clause.written, when))
    {
        return found;
    }
    let Some(subject) = clause.subject.as_ref().filter(|subject| subject.is_near()) else { return Vec::new() };
    let language = if is_chinese(&clause.text) { &*zh::RULES } else { &*en::RULES };
    let others: &[Rule] = if subject.is_own() { &[] } else { &en::OF_OTHERS };
    let rules: Vec<&Rule> = language.iter().chain(others).filter(|rule| subject.is_own() || rule.of_others).collect();
    let first = |of: &dyn Fn(&Rule) -> bool| {
        rules.iter().filter(|rule| of(rule)).find_map(|rule| {
            let text = if rule.whole { &clause.predicate } else { &clause.bare };
            Some((rule.key, applied(rule, (clause, sentence), subject, text, when)?))
        })
    };
    let Some((key, mut found)) = first(&|_| true) else { return Vec::new() };
    // One clause may tell what somebody is and where: "a nurse at the Charité".
    let other = match key {
        "employer" => "job",
        "job" => "employer",
        _ => return found,
    };
    found.extend(first(&|rule| rule.key == other).map(|(_, more)| more).unwrap_or_default());
    found
}

/// What one rule makes of a clause; `None` when it does not fit.
fn applied(
    rule: &Rule,
    (clause, sentence): (&Clause, &str),
    subject: &Subject,
    text: &str,
    when: &When,
) -> Option<Vec<Statement>> {
    let found = rule.pattern.captures(text)?;
    let says = match rule.says {
        Says::Was if clause.tense != Tense::Past => return None,
        Says::Value | Says::Yes | Says::Is(_) | Says::Was if clause.tense == Tense::Past => Says::Ended,
        says => says,
    };
    let passing = clause.passing && clause.told.is_none() && rule.class == FactClass::Fact;
    if passing || (clause.tense == Tense::Past && matches!(says, Says::No)) {
        return None;
    }
    let told = found.name("value").or_else(|| found.name("value2")).map(|value| value.as_str());
    let values = match (told, rule.says) {
        (_, Says::Is(word)) => vec![word.to_owned()],
        (None, _) => vec![String::new()],
        (Some(told), _) => values(rule, told)?,
    };
    let base = found.name("thing").map_or_else(|| rule.key.to_owned(), |thing| slug(thing.as_str()));
    let base = if subject.may_be_several() && base == "name" { "name:{value}".to_owned() } else { base };
    let ended = matches!(says, Says::Ended);
    let made = values.into_iter().map(|value| {
        let meaning = match says {
            Says::Yes => "yes".to_owned(),
            Says::No => "no".to_owned(),
            // Of what may be true of several values, one that is over was true.
            Says::Ended if base.contains("{value}") => "yes".to_owned(),
            _ => meaning(&value),
        };
        let expires = expires(rule.class, Some(text), when);
        Statement {
            key: subject.key(&base.replace("{value}", &slug(&value))),
            text: spoken(clause, sentence, subject),
            value,
            meaning,
            class: rule.class,
            since: clause.told.map(|span| span.from).filter(|from| *from <= when.now && !rule.whole),
            expires: expires.filter(|_| !ended),
            ended,
            adds: clause.adds,
        }
    });
    Some(made.collect())
}

/// The values of a rule; several where a list of things is told.
fn values(rule: &Rule, told: &str) -> Option<Vec<String>> {
    static LIST: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i),? and |, |、|和|跟").expect("a constant pattern"));
    if rule.key.starts_with("allergy") || rule.key.starts_with("taste") {
        let parts: Option<Vec<String>> = LIST.split(told).map(|part| value::value(rule.takes, part)).collect();
        if let Some(parts) = parts {
            return Some(parts);
        }
    }
    value::value(rule.takes, told).map(|value| vec![value])
}

/// The words of a clause, with the subject where the sentence leaves it out.
fn spoken(clause: &Clause, sentence: &str, subject: &Subject) -> String {
    if !subject.is_own() && clause.inherited {
        return sentence.to_owned();
    }
    let lower = clause.written.to_lowercase();
    if !subject.is_own()
        || Subject::of(&clause.written).is_some()
        || lower.contains("my ")
        || clause.written.contains('我')
    {
        return clause.text.clone();
    }
    if is_chinese(&clause.text) {
        return format!("我{}", clause.text);
    }
    let mut rest = clause.text.chars();
    let first = rest.next().map(|c| c.to_lowercase().to_string()).unwrap_or_default();
    format!("I {first}{}", rest.as_str())
}

/// The sentence as it stands, where the clause is all of it but for what leads in. To be asked for a fact is no part
/// of it.
pub fn whole(sentence: &str, clause: &str) -> String {
    let sentence = sentence.trim();
    if !asks_to_remember(sentence)
        && sentence.contains(clause)
        && sentence.chars().count() <= clause.chars().count() + 2
    {
        sentence.to_owned()
    } else {
        clause.to_owned()
    }
}
