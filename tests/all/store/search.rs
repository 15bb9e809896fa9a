//! Finding facts and episodes by words.

use skillet::{
    ids::UserId,
    store::{NewFact, SearchKind, Written},
};

use crate::harness::db::{TestDb, both, fact};

both!(
    chinese_is_found_by_pair_and_by_character,
    nobody_finds_what_is_another_persons,
    one_shared_word_is_enough_and_more_are_better,
    words_of_the_query_language_are_words,
    a_query_of_nothing_finds_nothing,
    long_words_and_many_words_are_no_trouble,
);

/// Keeps a fact to be found by `words`, which are cut already.
async fn keep(db: &TestDb, user: UserId, words: &str) -> uuid::Uuid {
    let new = NewFact { words: words.into(), ..fact(user, &uuid::Uuid::now_v7().to_string(), words) };
    match db.write_fact(&db.clock, &new).await.unwrap() {
        Written::New(id) => id.0,
        other => panic!("{other:?}"),
    }
}

async fn find(db: &TestDb, user: UserId, words: &[&str]) -> Vec<uuid::Uuid> {
    let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    db.search(user, &words, 10).await.unwrap().into_iter().map(|row| row.ref_id).collect()
}

async fn chinese_is_found_by_pair_and_by_character(db: TestDb) {
    let ada = db.person("ada").await;
    let city = keep(&db, ada, "我 住 在 上 海 我住 住在 在上 上海").await;
    let backup = keep(&db, ada, "github 备 份 备份").await;
    assert_eq!(find(&db, ada, &["上海"]).await, [city]);
    assert_eq!(find(&db, ada, &["海"]).await, [city]);
    assert_eq!(find(&db, ada, &["备份"]).await, [backup]);
    assert_eq!(find(&db, ada, &["github"]).await, [backup]);
    assert!(find(&db, ada, &["北京", "京"]).await.is_empty());

    let row = &db.search(ada, &["上海".into()], 10).await.unwrap()[0];
    assert_eq!(
        (row.kind, row.words.as_str(), row.recorded_at),
        (SearchKind::Fact, "我 住 在 上 海 我住 住在 在上 上海", db.clock.now())
    );
}

async fn nobody_finds_what_is_another_persons(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    let adas = keep(&db, ada, "我 住 在 上 海 我住 住在 在上 上海").await;
    let bos = keep(&db, bo, "住 在 上 海 住在 在上 上海").await;
    assert_eq!(find(&db, ada, &["上海"]).await, [adas]);
    assert_eq!(find(&db, bo, &["上海"]).await, [bos]);
    // Neither the id of a person nor a way out of the quotes is a way to their rows.
    let id = bo.0.simple().to_string();
    assert!(find(&db, ada, &[&id]).await.is_empty());
    assert!(find(&db, ada, &[&format!("x\") OR owner : (\"{id}")]).await.is_empty());
    assert!(find(&db, db.person("eve").await, &["上海"]).await.is_empty());
}

async fn one_shared_word_is_enough_and_more_are_better(db: TestDb) {
    let ada = db.person("ada").await;
    let one = keep(&db, ada, "code door").await;
    let both = keep(&db, ada, "code bike").await;
    assert_eq!(find(&db, ada, &["bike", "code", "garage"]).await, [both, one]);
    let best = db.search(ada, &["bike".into(), "code".into()], 1).await.unwrap();
    assert_eq!(best.len(), 1);
    assert_eq!(best[0].ref_id, both);
}

async fn words_of_the_query_language_are_words(db: TestDb) {
    let ada = db.person("ada").await;
    let kept = keep(&db, ada, "near and not or 7291 bike").await;
    for word in ["near", "and", "not", "or", "7291", "bike"] {
        assert_eq!(find(&db, ada, &[word]).await, [kept], "{word}");
    }
    for odd in ["*", "a:b", "&", "|", "!", "(", "'", "\\", "<->", "a'b", "-", "^x"] {
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
}

/// People paste keys and whole pages: no limit of an engine may fail the turn.
async fn long_words_and_many_words_are_no_trouble(db: TestDb) {
    let ada = db.person("ada").await;
    let (long, wide) = ("y".repeat(3000), "щ".repeat(1500));
    let kept = keep(&db, ada, &format!("key {long} {wide} office")).await;
    assert_eq!(find(&db, ada, &[&long, &wide, "office"]).await, [kept]);
    assert!(find(&db, ada, &[&long, &wide]).await.is_empty());
    let many: Vec<String> = (0..5000).map(|n| format!("word{n}")).chain(["office".to_owned()]).collect();
    assert_eq!(db.search(ada, &many, 10).await.unwrap().len(), 1);
    let page = keep(&db, ada, &many.join(" ")).await;
    assert_eq!(find(&db, ada, &["word4999"]).await, [page]);
}
