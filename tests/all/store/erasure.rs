//! What is forgotten is gone from every table, and what others said stays.

use chrono::Duration;
use serde_json::json;
use skillet::{
    ids::{TurnId, UserId},
    store::{
        BroughtEpisode, Erased, Erasure, FORGOTTEN, NewEpisode, NewFact, NewFile, NewFold, NewFolding, NewJob,
        NewVector, RuleKind, Searched, Started, StoreError, Turn, Words,
    },
};

use super::calls::{end, start};
use crate::harness::db::{TestDb, both, ending, incoming, notice};

both!(
    words_leave_every_table_of_their_person,
    a_key_goes_with_all_its_values,
    a_turn_is_emptied_and_stays_on_record,
    an_episode_without_a_turn_goes_by_itself,
    what_was_forgotten_stays_so_for_what_was_said_before,
    what_was_read_before_is_not_written_after,
);

/// Every text that a person's words can stand in.
const TEXTS: [&str; 16] = [
    "SELECT content || CAST(meta AS TEXT) FROM messages",
    "SELECT title FROM conversations",
    "SELECT CAST(trace AS TEXT) FROM turns",
    "SELECT key || value_text || CAST(value_json AS TEXT) FROM memory_semantic",
    "SELECT summary_text || CAST(summary_json AS TEXT) || CAST(tags AS TEXT) FROM memory_episodic",
    "SELECT words FROM search",
    "SELECT CAST(input AS TEXT) FROM calls",
    "SELECT COALESCE(CAST(output AS TEXT), '') FROM calls",
    "SELECT CAST(tape AS TEXT) FROM recordings",
    "SELECT CAST(payload AS TEXT) FROM jobs",
    "SELECT COALESCE(content, '') FROM outbox",
    "SELECT key FROM kv",
    "SELECT name FROM files",
    "SELECT subject FROM memory_rules",
    "SELECT hash FROM memory_tombstones",
    "SELECT CAST(detail AS TEXT) FROM audit",
];

/// Index words for a test: the text's own, in lower case.
fn index(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

pub fn erasure(user: UserId, words: &[&str]) -> Erasure<'static> {
    Erasure {
        user,
        words: Words::new(words.iter().copied()),
        keys: Vec::new(),
        turns: Vec::new(),
        episodes: Vec::new(),
        hashes: Vec::new(),
        index: &index,
    }
}

async fn holding(db: &TestDb, word: &str) -> Vec<String> {
    let mut holding = Vec::new();
    for statement in TEXTS {
        holding.extend(db.rows(statement).await.into_iter().filter(|text| text.to_lowercase().contains(word)));
    }
    holding
}

fn fact(user: UserId, key: &str, text: &str, turn: Option<TurnId>) -> NewFact {
    NewFact { source_turn: turn, words: index(text), ..crate::harness::db::fact(user, key, text) }
}

/// Somebody tells a secret in every way there is.
async fn tell(db: &TestDb, name: &str, chat: i64) -> Turn {
    let user = db.person(name).await;
    let talk =
        db.create_conversation(&db.clock, user, skillet::store::Channel::Web, "My code is Zebra-77").await.unwrap();
    db.chat_with(user, chat).await;
    let mut message = incoming(user, talk, name, "Please: my code is Zebra-77, and tea is nice");
    message.meta = json!({ "attached": "the page says zebra-77" });
    message.files =
        vec![NewFile { name: "zebra-77.txt".into(), media_type: "text/plain".into(), content: "a Zebra-77 b".into() }];
    db.accept(&db.clock, &message).await.unwrap();
    let host = db.host();
    let turn = db.lease_turn(&db.clock, host).await.unwrap().unwrap();
    let input = json!({ "text": "zebra-77", "n": 3 });
    let begun = db.start_call(&db.clock, &start(None, &input, (Some(turn.id), Some(user)))).await.unwrap();
    let Started::Run { id, attempt } = begun else { panic!("it has no key") };
    end(db, (id, attempt), Ok(json!({ "said": ["Zebra-77"] }))).await;
    let later = db.clock.now() + Duration::hours(1);
    db.keep_recording(&db.clock, id, &json!([{ "answer": "\"zebra-77\"" }]), later).await.unwrap();
    let mut done = ending("Noted: Zebra-77. Anything else?");
    done.trace = json!([{ "name": "recall", "detail": { "memories": [{ "text": "ZEBRA-77" }] } }]);
    assert!(db.end_turn(&db.clock, &turn, host, &done).await.unwrap());
    db.write_fact(&db.clock, &fact(user, "code", "my code is Zebra-77", Some(turn.id))).await.unwrap();
    let episode = NewEpisode {
        user,
        conversation: talk,
        turn: turn.id,
        summary_text: "told that the code is Zeb… → noted zebra-77".into(),
        summary_json: json!({ "subject": "Zebra-77", "parameters": { "zebra-77": "code" } }),
        tags: vec!["zebra-77".into(), "tea".into()],
        source: "rules",
        words: "told that the code is zebra-77 noted".into(),
        forgettings: 0,
    };
    assert!(db.write_episode(&db.clock, &episode).await.unwrap());
    let job = NewJob {
        payload: json!({ "text": "use Zebra-77 tomorrow" }),
        user: Some(user),
        ..NewJob::once("reminder", later, "turn")
    };
    db.queue_job(&db.clock, &job).await.unwrap();
    db.finish_update(&db.clock, "none", &[notice(name, chat, "- my code is zebra-77")]).await.unwrap();
    db.set_kv(&db.clock, ("notes", user), "zebra-77", b"1").await.unwrap();
    db.set_kv(&db.clock, ("notes", user), "list", b"[\"Zebra-77\", \"milk\"]").await.unwrap();
    turn
}

async fn words_leave_every_table_of_their_person(db: TestDb) {
    let (adas, bos) = (tell(&db, "ada", 7).await, tell(&db, "bo", 8).await);
    let all = holding(&db, "zebra").await.len();
    assert!(all >= 28, "{all}");
    let erased = db.erase(&db.clock, &erasure(adas.user_id, &["zebra-77"])).await.unwrap();
    assert!(erased.messages == 2 && erased.episodes == 1 && erased.facts >= 1 && erased.others >= 7, "{erased:?}");
    assert_eq!(holding(&db, "zebra").await.len(), all / 2, "what bo said stays, and nothing else");
    assert!(db.rows("SELECT CAST(trace AS TEXT) FROM turns").await.iter().any(|trace| trace.contains(FORGOTTEN)));

    let said: Vec<String> =
        db.turn_messages(adas.id).await.unwrap().into_iter().map(|message| message.content).collect();
    assert_eq!(
        said,
        [format!("Please: my code is {FORGOTTEN}, and tea is nice"), format!("Noted: {FORGOTTEN}. Anything else?")]
    );
    let episode = db.episodes(adas.user_id, 1).await.unwrap().remove(0);
    assert_eq!(episode.summary_text, format!("told that the code is {FORGOTTEN}… → noted {FORGOTTEN}"));
    let found = async |user, word: &str| db.found(user, word).await;
    assert_eq!((found(adas.user_id, "zebra-77").await, found(bos.user_id, "zebra-77").await), (0, 2));
    assert_eq!(found(adas.user_id, "noted").await, 1, "the rest of a summary is found as before");
    let value = db.kv("notes", adas.user_id, "list").await.unwrap().unwrap();
    assert_eq!(String::from_utf8(value).unwrap(), format!("[\"{FORGOTTEN}\", \"milk\"]"));
    let file = db.files(adas.conversation_id).await.unwrap().remove(0);
    let (row, content) = db.file(file.id).await.unwrap().unwrap();
    assert_eq!(String::from_utf8(content).unwrap(), format!("a {FORGOTTEN} b"));
    assert_eq!(row.size, i64::try_from(format!("a {FORGOTTEN} b").len()).unwrap());

    let again = db.erase(&db.clock, &erasure(adas.user_id, &["zebra-77"])).await.unwrap();
    assert!(again.is_nothing(), "{again:?}");
}

async fn a_key_goes_with_all_its_values(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    for (user, key, text) in
        [(ada, "home", "Berlin"), (ada, "home", "Shanghai"), (ada, "name", "Ada"), (bo, "home", "Berlin")]
    {
        db.write_fact(&db.clock, &fact(user, key, text, None)).await.unwrap();
        db.tick();
    }
    assert!(db.set_memory_rule(&db.clock, ada, RuleKind::Pin, "home", 9).await.unwrap());
    assert!(db.set_memory_rule(&db.clock, ada, RuleKind::Topic, "home", 9).await.unwrap());
    let home = db.current_fact(&db.clock, ada, "home").await.unwrap().unwrap();
    db.note_recalls(ada, &[home.id.0], db.clock.now()).await.unwrap();
    let erased = db.erase(&db.clock, &Erasure { keys: vec!["home".into()], ..erasure(ada, &[]) }).await.unwrap();
    assert_eq!(erased, Erased { facts: 2, ..Erased::default() });
    assert_eq!(db.facts(ada, true, 9).await.unwrap().len(), 1);
    assert_eq!(db.facts(bo, true, 9).await.unwrap().len(), 1);
    assert!(db.found(ada, "shanghai").await == 0);
    let left = db.memory_rules(ada).await.unwrap();
    assert_eq!(left.iter().map(|rule| rule.kind).collect::<Vec<_>>(), [RuleKind::Topic]);
    assert!(db.rows("SELECT CAST(last_at AS TEXT) FROM memory_recalls").await.is_empty());
}

async fn a_turn_is_emptied_and_stays_on_record(db: TestDb) {
    let (adas, bos) = (tell(&db, "ada", 7).await, tell(&db, "bo", 8).await);
    let foreign = Erasure { turns: vec![bos.id], ..erasure(adas.user_id, &[]) };
    assert!(db.erase(&db.clock, &foreign).await.unwrap().is_nothing(), "nobody forgets what another said");
    let own = Erasure { turns: vec![adas.id], ..erasure(adas.user_id, &[]) };
    let erased = db.erase(&db.clock, &own).await.unwrap();
    assert_eq!((erased.messages, erased.episodes, erased.facts), (2, 1, 0));
    let said = db.turn_messages(adas.id).await.unwrap();
    assert!(said.iter().all(|message| message.content == FORGOTTEN), "{said:?}");
    assert_eq!(said[0].meta.0, json!({}));
    assert!(db.files(adas.conversation_id).await.unwrap().is_empty());
    assert!(db.episodes(adas.user_id, 9).await.unwrap().is_empty());
    assert_eq!(db.turn(adas.id).await.unwrap().unwrap().trace.0, json!([]));
    let call = db.turn_calls(adas.id).await.unwrap().remove(0);
    assert_eq!((call.input.0, call.output.map(|output| output.0)), (json!({}), None));
    assert_eq!(db.facts(adas.user_id, false, 9).await.unwrap().len(), 1, "a fact is a memory of its own");
}

async fn an_episode_without_a_turn_goes_by_itself(db: TestDb) {
    let (ada, bo, now) = (db.person("ada").await, db.person("bo").await, db.clock.now());
    let brought = BroughtEpisode {
        turn: None,
        summary_text: "spoke of zebras".into(),
        summary_json: json!({}),
        tags: Vec::new(),
        source: "rules".into(),
        created_at: now,
        words: "zebras".into(),
    };
    db.bring_memories(&db.clock, ada, (&[], &[brought]), &[]).await.unwrap();
    let id = db.episodes(ada, 1).await.unwrap()[0].id;
    let foreign = Erasure { episodes: vec![id], ..erasure(bo, &[]) };
    assert!(db.erase(&db.clock, &foreign).await.unwrap().is_nothing());
    let own = Erasure { episodes: vec![id], ..erasure(ada, &[]) };
    assert_eq!(db.erase(&db.clock, &own).await.unwrap().episodes, 1);
    assert!(db.found(ada, "zebras").await == 0);
}

async fn what_was_forgotten_stays_so_for_what_was_said_before(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    let before = db.clock.now();
    let at = db.tick();
    let hashes = vec!["h1".to_owned(), "h2".to_owned()];
    db.erase(&db.clock, &Erasure { hashes: hashes.clone(), ..erasure(ada, &[]) }).await.unwrap();
    assert!(db.was_forgotten(ada, &hashes, before).await.unwrap());
    assert!(db.was_forgotten(ada, &["x".into(), "h2".into()], at).await.unwrap());
    assert!(!db.was_forgotten(ada, &["x".into()], before).await.unwrap());
    assert!(!db.was_forgotten(bo, &hashes, before).await.unwrap());
    assert!(!db.was_forgotten(ada, &hashes, db.tick()).await.unwrap(), "what is said anew may be learnt");
    db.erase(&db.clock, &Erasure { hashes: hashes.clone(), ..erasure(ada, &[]) }).await.unwrap();
    assert!(db.was_forgotten(ada, &hashes, db.clock.now()).await.unwrap());
}

async fn what_was_read_before_is_not_written_after(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    let turn = db.answered_turn(ada).await;
    db.write_fact(&db.clock, &fact(ada, "boat", "Zebra", None)).await.unwrap();
    db.write_fact(&db.clock, &fact(bo, "boat", "Zebra", None)).await.unwrap();
    let forgettings = db.forgettings(ada).await.unwrap();
    let episode = NewEpisode {
        user: ada,
        conversation: turn.conversation_id,
        turn: turn.id,
        summary_text: "of zebra".into(),
        summary_json: json!({}),
        tags: Vec::new(),
        source: "rules",
        words: "zebra".into(),
        forgettings,
    };
    let fold = NewFold {
        user: ada,
        conversation: turn.conversation_id,
        through_turn: turn.id,
        through_at: db.clock.now(),
        summary_text: "of zebra".into(),
        kept: Vec::new(),
        source: "rules",
        forgettings,
    };
    let searched: Vec<Searched> = db
        .unsearched(9)
        .await
        .unwrap()
        .into_iter()
        .map(|message| Searched { message, speaker: None, words: Some("zebra".into()) })
        .collect();
    let vectors: Vec<NewVector> = db
        .unembedded("one", 9)
        .await
        .unwrap()
        .into_iter()
        .map(|row| NewVector { row: row.id, user: row.user_id, forgettings: row.forgettings, dims: 1, data: vec![1] })
        .collect();
    assert!(searched.len() == 2 && vectors.len() == 2);

    db.erase(&db.clock, &erasure(ada, &["zebra"])).await.unwrap();
    let refused =
        |written: Result<(), StoreError>| assert!(matches!(written, Err(StoreError::Forgotten)), "{written:?}");
    refused(db.write_episode(&db.clock, &episode).await.map(drop));
    refused(db.fold_conversation(&db.clock, &fold, 0).await.map(drop));
    refused(db.fold_memories(&db.clock, ada, &NewFolding { forgettings, ..NewFolding::default() }).await.map(drop));
    refused(db.search_messages(ada, &searched).await);
    db.keep_vectors("one", &vectors).await.unwrap();
    let vectors_of = async |user| db.vectors(user, "one", 1, i64::MIN, 9).await.unwrap().iter().count();
    assert_eq!((vectors_of(ada).await, vectors_of(bo).await), (0, 1));
    assert!(db.episodes(ada, 9).await.unwrap().is_empty() && db.folded(turn.conversation_id).await.unwrap().is_none());
    assert_eq!(db.unsearched(9).await.unwrap().len(), 2, "they are read again");

    let forgettings = db.forgettings(ada).await.unwrap();
    assert!(db.write_episode(&db.clock, &NewEpisode { forgettings, ..episode }).await.unwrap());
    assert!(db.fold_conversation(&db.clock, &NewFold { forgettings, ..fold }, 0).await.unwrap());
}
