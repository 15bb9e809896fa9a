//! What the triggers of first-party skills catch, and what they leave alone, as the host reads them. Skills in Rust
//! whose triggers share no patterns hold theirs against their own tests.

mod calculator;
mod remind_me;

use serde_json::Value;
use skillet::skills::Manifest;
use std::{fs, sync::LazyLock};

use crate::harness::root;

/// The first input that a message fills in.
type Caught = Box<dyn Fn(&str) -> Option<Value> + Send + Sync>;

fn triggers(skill: &str) -> Caught {
    let manifest = fs::read_to_string(root().join(format!("plugins/{skill}/skill.toml"))).unwrap();
    let triggers = Manifest::parse(&manifest).unwrap().triggers;
    let matchers: Vec<_> = triggers.iter().map(|trigger| trigger.compile().unwrap()).collect();
    Box::new(move |message| matchers.iter().find_map(|matcher| matcher.input(message, "en")))
}

/// Question and data that a message fills in.
fn table(message: &str) -> Option<(String, String)> {
    static CAUGHT: LazyLock<Caught> = LazyLock::new(|| triggers("table"));
    let caught = CAUGHT(message)?;
    let field = |name: &str| caught[name].as_str().unwrap().to_owned();
    Some((field("question"), field("data")))
}

const CSV: &str = "city,price\nOslo,0.10\nRome,3";
const CHINESE: &str = "城市，价格\n北京，10.5\n上海，20";
const MARKDOWN: &str = "| a | b |\n|---|---|\n| x | 1.5 |\n| y | 2 |";
const TABS: &str = "name\tprice\ntea\t2\ncoffee\t10";
const JSON: &str = "[{\"city\": \"Oslo\", \"price\": 1},\n {\"city\": \"Rome\", \"price\": 2}]";

#[test]
fn the_question_stands_above_the_table_or_below_it() {
    for data in [CSV, CHINESE, MARKDOWN, TABS, JSON] {
        for question in ["sum of price by city", "average price?", "Top 2 by price", "按城市统计价格总和", "平均价格"]
        {
            let caught = Some((question.to_owned(), data.to_owned()));
            for message in [
                format!("{question}\n{data}"),
                format!("{question}:\n\n{data}\n"),
                format!("{data}\n{question}"),
                format!("{data}\n\n{question}\n"),
                format!("```csv\n{data}\n```\n{question}"),
            ] {
                let found = table(&message).map(|(question, data)| (question.trim_end_matches(':').to_owned(), data));
                assert_eq!(found, caught, "{message}");
            }
        }
    }
    let wordy = "the sum of price, where city is Oslo";
    assert_eq!(table(&format!("{CSV}\n\n{wordy}")), Some((wordy.to_owned(), CSV.to_owned())));
    let below = "price of all, sorted";
    assert_eq!(table(&format!("{JSON}\n\n{below}")), Some((below.to_owned(), JSON.to_owned())));
}

#[test]
fn a_table_without_a_question_and_prose_are_left_alone() {
    for message in [
        CSV,
        MARKDOWN,
        "city,price\nOslo,1\ntotal,3",
        "city,price\nOslo,1\n\nthank you",
        "Dear Ann, how are you?\nI bought 3 apples, and more.\n\nThe total is too high.",
        "Two things, briefly:\nfirst, the sum\nsecond, the count",
        "sum of price by city",
        "what is the total of 3, 4 and 5?",
    ] {
        assert_eq!(table(message), None, "{message}");
    }
}
