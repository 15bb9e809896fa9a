//! Finding messages, facts and episodes by words, and where messages stand.

use chrono::{DateTime, Duration, Utc};
use skillet::{
    ids::{ConversationId, TurnId, UserId},
    store::{Indexed, NewFact, SearchKind, SearchState, Searched, Written},
};

use crate::harness::db::{TestDb, both, fact, incoming};

both!(
    chinese_is_found_by_word_and_by_character,
    nobody_finds_what_is_another_persons,
    each_word_has_its_rows,
    words_of_the_query_language_are_words,
    a_query_of_nothing_finds_nothing,
    long_words_and_many_words_are_no_trouble,
    what_is_removed_is_not_found,
    messages_stand_in_sessions,
    a_session_ends_with_a_silence,
    a_message_is_added_once,
    a_fact_leads_to_its_turn,
    sessions_are_found_by_day,
    rows_of_an_earlier_analyser_are_cut_again,
);

/// Keeps a fact to be found by `words`, which are cut already.
async fn keep(db: &TestDb, user: UserId, words: &str) -> uuid::Uuid {
    keep_from(db, user, words, None).await
}

async fn keep_from(db: &TestDb, user: UserId, words: &str, source_turn: Option<TurnId>) -> uuid::Uuid {
    let key = uuid::Uuid::now_v7().to_string();
    let new = NewFact { words: words.into(), source_turn, ..fact(user, &key, words) };
    match db.write_fact(&db.clock, &new).await.unwrap() {
        Written::New(id) => id.0,
        other => panic!("{other:?}"),
    }
}

/// The rows that hold one of the words, the oldest first.
async fn rows(db: &TestDb, user: UserId, words: &[&str]) -> Vec<Indexed> {
    let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    let postings = db.postings(user, &words).await.unwrap();
    let ids: Vec<i64> = postings.into_iter().flat_map(|posting| posting.rows).collect();
    db.indexed(user, &ids, db.clock.now()).await.unwrap()
}

async fn find(db: &TestDb, user: UserId, words: &[&str]) -> Vec<uuid::Uuid> {
    rows(db, user, words).await.into_iter().map(|row| row.ref_id).collect()
}

async fn chinese_is_found_by_word_and_by_character(db: TestDb) {
    let ada = db.person("ada").await;
    let city = keep(&db, ada, "住 上海 我住 住在 在上 上海 上 海").await;
    let backup = keep(&db, ada, "github 备份 备 份").await;
    assert_eq!(find(&db, ada, &["上海"]).await, [city]);
    assert_eq!(find(&db, ada, &["海"]).await, [city]);
    assert_eq!(find(&db, ada, &["备份"]).await, [backup]);
    assert_eq!(find(&db, ada, &["github"]).await, [backup]);
    assert!(find(&db, ada, &["北京", "京"]).await.is_empty());

    let row = &rows(&db, ada, &["上海"]).await[0];
    assert_eq!(
        (row.kind, row.words.as_str(), row.length, row.recorded_at),
        (SearchKind::Fact, "住 上海 我住 住在 在上 上海 上 海", 8, db.clock.now())
    );
    let text = &db.search_texts(ada, &[row.id]).await.unwrap()[0];
    assert_eq!((text.id, text.ref_id, text.text.as_str()), (row.id, city, row.words.as_str()));
    assert!(!text.key.is_empty() && text.role.is_none() && text.conversation_id.is_none());
}

async fn nobody_finds_what_is_another_persons(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    let adas = keep(&db, ada, "住 上海").await;
    let bos = keep(&db, bo, "住在 上海").await;
    assert_eq!(find(&db, ada, &["上海"]).await, [adas]);
    assert_eq!(find(&db, bo, &["上海"]).await, [bos]);
    // Neither the id of a person nor a way out of the quotes is a way to their rows.
    let end = bo.0.simple().to_string()[24..].to_owned();
    for odd in [end.clone(), format!("x\" OR \"{end}上海"), format!("x' | '{end}上海")] {
        assert!(find(&db, ada, &[&odd]).await.is_empty(), "{odd}");
    }
    assert!(find(&db, db.person("eve").await, &["上海"]).await.is_empty());
    // A row is each person's own, also for who knows its number.
    let row = rows(&db, bo, &["上海"]).await[0].id;
    assert!(db.indexed(ada, &[row], db.clock.now()).await.unwrap().is_empty());
    assert!(db.search_texts(ada, &[row]).await.unwrap().is_empty());
}

async fn each_word_has_its_rows(db: TestDb) {
    let ada = db.person("ada").await;
    let (one, both) = (keep(&db, ada, "code door").await, keep(&db, ada, "code bike code").await);
    let words = ["bike", "code", "garage"].map(str::to_owned);
    let postings = db.postings(ada, &words).await.unwrap();
    let counts: Vec<(&str, usize)> = postings.iter().map(|one| (one.word.as_str(), one.rows.len())).collect();
    assert_eq!(counts, [("bike", 1), ("code", 2), ("garage", 0)]);
    assert_eq!(find(&db, ada, &["code"]).await, [one, both]);
    let state = db.search_state(ada).await.unwrap();
    assert_eq!((state.entries, state.length), (2, 5));
    assert_eq!(db.search_state(db.person("eve").await).await.unwrap(), SearchState::default());
}

async fn words_of_the_query_language_are_words(db: TestDb) {
    let ada = db.person("ada").await;
    let kept = keep(&db, ada, "near and not or 7291 bike bob@example.com inv-2024/7 13812345678").await;
    for word in ["near", "and", "not", "or", "7291", "bike", "bob@example.com", "inv-2024/7", "13812345678"] {
        assert_eq!(find(&db, ada, &[word]).await, [kept], "{word}");
    }
    for odd in ["*", "a:b", "&", "|", "!", "(", "'", "\\", "<->", "a'b", "-", "^x", "bob", "example.com", "\"", "bike*"]
    {
        assert!(find(&db, ada, &[odd]).await.is_empty(), "{odd}");
    }
}

async fn a_query_of_nothing_finds_nothing(db: TestDb) {
    let ada = db.person("ada").await;
    keep(&db, ada, "bike").await;
    // A text of punctuation has no words, and is kept all the same.
    keep(&db, ada, "").await;
    assert!(find(&db, ada, &[]).await.is_empty());
    assert!(find(&db, ada, &[""]).await.is_empty());
    assert!(db.sessions_of(ada, &[]).await.unwrap().is_empty());
}

/// People paste keys and whole pages: no limit of an engine may fail the turn.
async fn long_words_and_many_words_are_no_trouble(db: TestDb) {
    let ada = db.person("ada").await;
    let (long, wide) = ("y".repeat(3000), "щ".repeat(1500));
    let kept = keep(&db, ada, &format!("key {long} {wide} office")).await;
    assert_eq!(find(&db, ada, &[&long, &wide, "office"]).await, [kept]);
    assert!(find(&db, ada, &[&long, &wide]).await.is_empty());
    let many: Vec<String> = (0..5000).map(|n| format!("word{n}")).chain(["office".to_owned()]).collect();
    assert_eq!(find(&db, ada, &many.iter().map(String::as_str).collect::<Vec<_>>()).await.len(), 1);
    let page = keep(&db, ada, &many.join(" ")).await;
    assert_eq!(find(&db, ada, &["word4999"]).await, [page]);
    let book: Vec<String> = (0..100_000).map(|n| format!("chapter{n:05}")).collect();
    let book = keep(&db, ada, &book.join(" ")).await;
    assert_eq!(find(&db, ada, &["chapter00000"]).await, [book], "its beginning is found");
}

async fn what_is_removed_is_not_found(db: TestDb) {
    let ada = db.person("ada").await;
    let (gone, kept) = (keep(&db, ada, "code door").await, keep(&db, ada, "code bike").await);
    let before = db.search_state(ada).await.unwrap();
    assert!(db.forget(skillet::ids::FactId(gone)).await);
    assert_eq!(find(&db, ada, &["code", "door"]).await, [kept]);
    assert!(db.postings(ada, &["door".into()]).await.unwrap()[0].rows.is_empty());
    let after = db.search_state(ada).await.unwrap();
    assert_eq!((after.entries, after.length), (1, 2));
    assert!(after.version > before.version);
}

/// Writes a message and adds it to the index under `words`.
async fn say(db: &TestDb, user: UserId, talk: ConversationId, words: &str) -> TurnId {
    let message = incoming(user, talk, &uuid::Uuid::now_v7().to_string(), words);
    let turn = db.accept(&db.clock, &message).await.unwrap().turn();
    add(db, user).await;
    turn
}

/// Adds what is not searched yet, each message under its own text.
async fn add(db: &TestDb, user: UserId) {
    let messages = db.unsearched(100).await.unwrap().into_iter();
    let searched =
        messages.map(|message| Searched { words: Some(message.content.clone()), speaker: Some("ada".into()), message });
    db.search_messages(user, &searched.collect::<Vec<_>>()).await.unwrap();
}

async fn messages_stand_in_sessions(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    let (talk, other) = (db.talk(ada).await, db.talk(ada).await);
    let first = say(&db, ada, talk, "one bike").await;
    say(&db, ada, other, "elsewhere").await;
    db.tick();
    let second = say(&db, ada, talk, "two lock").await;
    let row = &rows(&db, ada, &["lock"]).await[0];
    assert_eq!((row.kind, row.turn_id, row.speaker.as_deref()), (SearchKind::Message, Some(second), Some("ada")));
    let placed = db.sessions_of(ada, &[row.session.unwrap()]).await.unwrap();
    let turns: Vec<_> = placed.iter().map(|message| (message.turn_id.unwrap(), message.length)).collect();
    assert_eq!(turns, [(first, 2), (second, 2)]);
    assert_eq!(placed[0].session, placed[0].id, "a session has the number of its first message");
    assert_eq!(
        (placed[1].id, placed[1].recorded_at, placed[1].speaker.as_deref()),
        (row.id, db.clock.now(), Some("ada"))
    );
    assert!(db.sessions_of(bo, &[placed[0].session]).await.unwrap().is_empty());

    let text = &db.search_texts(ada, &[row.id]).await.unwrap()[0];
    assert_eq!(
        (text.text.as_str(), text.role.as_deref(), text.conversation_id),
        ("two lock", Some("user"), Some(talk))
    );
}

async fn a_session_ends_with_a_silence(db: TestDb) {
    let ada = db.person("ada").await;
    let talk = db.talk(ada).await;
    let silences = [(0, true), (1, false), (24, false), (37, true), (1, false)];
    for (nth, (hours, begins_anew)) in silences.into_iter().enumerate() {
        db.clock.advance(Duration::hours(hours));
        let word = format!("word{nth}{hours}");
        say(&db, ada, talk, &word).await;
        let row = &rows(&db, ada, &[&word]).await[0];
        assert_eq!(row.session == Some(row.id), begins_anew, "after {hours} hours");
    }
    // A long session ends sooner, and none goes on without end.
    for n in 0..20 {
        say(&db, ada, talk, &format!("more{n}")).await;
    }
    db.clock.advance(Duration::hours(7));
    say(&db, ada, talk, "later").await;
    let row = &rows(&db, ada, &["later"]).await[0];
    assert_eq!(row.session, Some(row.id));
}

async fn a_message_is_added_once(db: TestDb) {
    let ada = db.person("ada").await;
    let bo = db.person("bo").await;
    let talk = db.talk(ada).await;
    db.accept(&db.clock, &incoming(ada, talk, "a", "bike")).await.unwrap();
    db.accept(&db.clock, &incoming(bo, db.talk(bo).await, "b", "boat")).await.unwrap();
    let waiting = db.unsearched(100).await.unwrap();
    assert_eq!(waiting.iter().map(|one| (one.user_id, one.content.as_str())).collect::<Vec<_>>(), [(ada, "bike")]);
    let searched: Vec<Searched> =
        waiting.into_iter().map(|message| Searched { message, speaker: None, words: Some("bike".into()) }).collect();
    let other = db.another().await;
    let (here, there) = futures_util::join!(db.search_messages(ada, &searched), other.search_messages(ada, &searched));
    here.unwrap();
    there.unwrap();
    assert_eq!(find(&db, ada, &["bike"]).await.len(), 1);
    // What is not to be found is done with, too.
    let waiting = db.unsearched(100).await.unwrap();
    assert_eq!(waiting[0].user_id, bo);
    let searched: Vec<Searched> =
        waiting.into_iter().map(|message| Searched { message, speaker: None, words: None }).collect();
    db.search_messages(bo, &searched).await.unwrap();
    assert!(db.unsearched(100).await.unwrap().is_empty());
    assert!(find(&db, bo, &["boat"]).await.is_empty());
}

async fn a_fact_leads_to_its_turn(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    let talk = db.talk(ada).await;
    say(&db, ada, talk, "hello").await;
    let turn = say(&db, ada, talk, "moving").await;
    keep_from(&db, ada, "city shanghai", Some(turn)).await;
    let row = &rows(&db, ada, &["shanghai"]).await[0];
    assert_eq!((row.turn_id, row.session), (Some(turn), None));
    let session = rows(&db, ada, &["hello"]).await[0].session.unwrap();
    assert_eq!(db.sessions_with(ada, &[turn]).await.unwrap(), [session]);
    assert!(db.sessions_with(bo, &[turn]).await.unwrap().is_empty());
    assert!(db.sessions_with(ada, &[]).await.unwrap().is_empty());
}

async fn sessions_are_found_by_day(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    let mut sessions = Vec::new();
    for word in ["first", "second"] {
        say(&db, ada, db.talk(ada).await, word).await;
        sessions.push(rows(&db, ada, &[word]).await[0].session.unwrap());
        db.clock.advance(Duration::days(1));
    }
    let day = |text: &str| -> DateTime<Utc> { text.parse().unwrap() };
    let span = (day("2026-03-02T00:00:00Z"), day("2026-03-03T00:00:00Z"));
    assert_eq!(db.sessions_between(ada, span, 10).await.unwrap(), sessions[1..]);
    assert!(db.sessions_between(bo, span, 10).await.unwrap().is_empty());
    let both = (day("2026-03-01T00:00:00Z"), span.1);
    assert_eq!(db.sessions_between(ada, both, 10).await.unwrap(), [sessions[1], sessions[0]]);
    assert_eq!(db.sessions_between(ada, both, 1).await.unwrap(), sessions[1..], "the newest");
}

async fn rows_of_an_earlier_analyser_are_cut_again(db: TestDb) {
    let ada = db.person("ada").await;
    keep(&db, ada, "code bike").await;
    assert!(db.stale_rows(10).await.unwrap().is_empty());
    db.run("UPDATE search SET analyser = 1").await;
    let stale = db.stale_rows(10).await.unwrap();
    assert_eq!((stale.len(), stale[0].kind, stale[0].text.as_str()), (1, SearchKind::Fact, "code bike"));
    assert!(!stale[0].key.is_empty());
    db.recut(&[(stale[0].id, "cod bik lock".into())]).await.unwrap();
    assert!(db.stale_rows(10).await.unwrap().is_empty());
    assert!(find(&db, ada, &["code"]).await.is_empty());
    assert_eq!(find(&db, ada, &["cod"]).await.len(), 1);
    assert_eq!(db.search_state(ada).await.unwrap().length, 3);
}
