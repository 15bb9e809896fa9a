//! What texts mean, row by row.

use skillet::{
    ids::UserId,
    store::{NewFact, NewVector, SearchKind, Unembedded},
};

use crate::harness::db::{TestDb, both};

both!(a_row_has_one_vector, a_row_that_changes_or_goes_loses_its_vector, vectors_come_in_parts_and_whole);

async fn fact(db: &TestDb, name: &str, text: &str) -> UserId {
    let user = db.person(name).await;
    let new = NewFact { words: text.into(), ..crate::harness::db::fact(user, text, text) };
    db.write_fact(&db.clock, &new).await.unwrap();
    user
}

async fn a_row_has_one_vector(db: TestDb) {
    let (ada, bo) = (fact(&db, "ada", "bike").await, fact(&db, "bo", "boat").await);
    let waiting = db.unembedded("one", 10).await.unwrap();
    let texts: Vec<_> = waiting.iter().map(|row| (row.user_id, row.kind, row.text.as_str())).collect();
    assert_eq!(texts, [(ada, SearchKind::Fact, "bike"), (bo, SearchKind::Fact, "boat")]);
    assert_eq!(db.unembedded("one", 1).await.unwrap().len(), 1);

    let vector = |row, user, data: &[u8]| NewVector { row, user, forgettings: 0, dims: 2, data: data.to_vec() };
    let kept = async |user, model| kept(&db, user, model, 2).await;
    let gone = vector(i64::MAX, ada, &[9]);
    let new = [vector(waiting[0].id, ada, &[1, 2]), vector(waiting[1].id, bo, &[3, 4]), gone];
    db.keep_vectors("one", &new).await.unwrap();
    assert!(db.unembedded("one", 10).await.unwrap().is_empty());
    assert_eq!(kept(ada, "one").await, [(waiting[0].id, vec![1, 2])]);
    assert!(kept(ada, "two").await.is_empty());

    // Another embedder makes all anew.
    assert_eq!(db.unembedded("two", 10).await.unwrap().len(), 2);
    db.keep_vectors("two", &[vector(waiting[0].id, ada, &[0, 5])]).await.unwrap();
    assert!(kept(ada, "one").await.is_empty());
    assert_eq!(kept(ada, "two").await, [(waiting[0].id, vec![0, 5])]);
    assert_eq!(db.unembedded("two", 10).await.unwrap().len(), 1);
}

async fn a_row_that_changes_or_goes_loses_its_vector(db: TestDb) {
    let ada = fact(&db, "ada", "bike").await;
    let row = db.unembedded("one", 10).await.unwrap()[0].id;
    db.keep_vectors("one", &[NewVector { row, user: ada, forgettings: 0, dims: 1, data: vec![1] }]).await.unwrap();
    db.run("UPDATE search SET analyser = 1").await;
    db.recut(&[(row, "bik".into())]).await.unwrap();
    assert_eq!(db.unembedded("one", 10).await.unwrap().len(), 1, "it is made again");
    let fact = db.facts(ada, false, 1).await.unwrap()[0].id;
    assert!(db.forget(fact).await);
    assert!(kept(&db, ada, "one", 1).await.is_empty());
}

async fn vectors_come_in_parts_and_whole(db: TestDb) {
    let ada = db.person("ada").await;
    for text in ["bike", "boat", "lock"] {
        fact(&db, "ada", text).await;
    }
    fact(&db, "bo", "boat").await;
    // Bytes that text would be ended or parted by.
    let data = [0, 10, 44, 255];
    let rows = db.unembedded("one", 10).await.unwrap();
    let new =
        |row: &Unembedded| NewVector { row: row.id, user: row.user_id, forgettings: 0, dims: 4, data: data.to_vec() };
    db.keep_vectors("one", &rows.iter().map(new).collect::<Vec<_>>()).await.unwrap();
    let mut own: Vec<i64> = rows.iter().filter(|row| row.user_id == ada).map(|row| row.id).collect();
    own.sort_unstable();
    assert_eq!(own.len(), 3);
    assert_eq!(kept(&db, ada, "one", 4).await, own.iter().map(|row| (*row, data.to_vec())).collect::<Vec<_>>());
    assert!(kept(&db, ada, "one", 3).await.is_empty(), "of another length");
}

/// All vectors of a person.
async fn kept(db: &TestDb, user: UserId, model: &str, dims: i64) -> Vec<(i64, Vec<u8>)> {
    let mut all: Vec<(i64, Vec<u8>)> = Vec::new();
    loop {
        let last = all.last().map_or(i64::MIN, |(row, _)| *row);
        let some = db.vectors(user, model, dims, last, 2).await.unwrap();
        let known = all.len();
        all.extend(some.iter().map(|(row, data)| (row, data.to_vec())));
        if all.len() == known {
            return all;
        }
    }
}
