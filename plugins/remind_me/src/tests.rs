//! Whole calls, one after the other.

mod calls;
mod managing;
mod world;

use crate::SENTENCES;
use world::World;

fn berlin() -> World {
    World::new("Europe/Berlin", "2026-12-02 10:00", "en")
}

fn shanghai() -> World {
    World::new("Asia/Shanghai", "2026-12-02 10:00", "zh-CN")
}

/// Each text is said in its turn, and the last one's answer is compared.
fn conversation(mut world: World, turns: &[(crate::Action, &str)], last: &str) -> World {
    let answers: Vec<String> = turns.iter().map(|(action, text)| world.said(*action, text)).collect();
    assert_eq!(answers.last().map(String::as_str), Some(last), "{answers:#?}");
    world
}

#[test]
fn each_sentence_is_in_both_languages_and_is_said() {
    let sources = [include_str!("manage.rs"), include_str!("set.rs")].concat();
    let blocks: Vec<Vec<&str>> = SENTENCES.split("\n\n").map(|block| block.lines().collect()).collect();
    for block in &blocks {
        let [name, english, chinese] = block[..] else { panic!("{block:?}") };
        assert_eq!(english.matches("{}").count(), chinese.matches("{}").count(), "{name}");
        assert!(sources.contains(&format!("\"{name}\"")), "nobody says {name}");
    }
    for said in sources.split("say(desk, ").skip(1) {
        let names = said.split(", &[").next().unwrap().split('"').skip(1).step_by(2);
        names.for_each(|name| assert!(blocks.iter().any(|block| block[0] == name), "{name} is no sentence"));
    }
}
