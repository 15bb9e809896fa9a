//! The same source built twice: a version number is one component, so its bytes must not depend on where and when.

use std::fs;

use super::{Author, shared_target};
use crate::harness::root;

/// With the template of a language, and the libraries that the project is pinned to.
async fn author(language: &str) -> Author {
    let author = Author::new();
    author.run(&["skill", "new", "greeter", "--lang", language]).await.ok();
    if language == "rust" {
        fs::copy(root().join("Cargo.lock"), author.file("greeter/Cargo.lock")).unwrap();
    }
    author
}

impl Author {
    async fn component(&self) -> Vec<u8> {
        self.on_skill("build", &[]).await.ok();
        fs::read(self.file("out/greeter.wasm")).unwrap()
    }
}

/// Nothing of the machine is in it that another one would not have.
#[track_caller]
fn names_no_folder_of(author: &Author, component: &[u8]) {
    for folder in [author.folder.path().to_str().unwrap(), &shared_target()] {
        let found = component.windows(folder.len()).any(|part| part == folder.as_bytes());
        assert!(!found, "the component names {folder}");
    }
}

/// Two authors, each in a folder of their own.
async fn is_the_same_elsewhere(language: &str) {
    let (here, there) = (author(language).await, author(language).await);
    let component = here.component().await;
    names_no_folder_of(&here, &component);
    assert!(component == there.component().await, "it differs from folder to folder");
}

/// Two pictures of an engine differ, since hash seeds and the clock are in them; so none is taken without need.
async fn stays_without_a_change(language: &str) -> (Author, Vec<u8>) {
    let author = author(language).await;
    let component = author.component().await;
    names_no_folder_of(&author, &component);
    assert!(component == author.component().await, "it was built anew without a change");
    (author, component)
}

#[tokio::test]
async fn c() {
    is_the_same_elsewhere("c").await;
}

#[tokio::test]
async fn rust() {
    is_the_same_elsewhere("rust").await;
}

#[tokio::test]
async fn js() {
    let (author, component) = stays_without_a_change("js").await;
    author.edit("greeter/skill.js", "Hello, ", "Good day, ");
    assert!(component != author.component().await, "a change is built");
}

#[tokio::test]
async fn ts() {
    stays_without_a_change("ts").await;
}

#[tokio::test]
async fn python() {
    stays_without_a_change("python").await;
}
