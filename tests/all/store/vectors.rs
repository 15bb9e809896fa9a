//! What texts mean, row by row.

use skillet::store::{NewFact, NewVector, SearchKind, VectorRow};

use crate::harness::db::{TestDb, both};

both!(a_row_has_one_vector, a_row_that_changes_or_goes_loses_its_vector);

async fn fact(db: &TestDb, name: &str, text: &str) -> skillet::ids::UserId {
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
    let gone = vector(i64::MAX, ada, &[9]);
    let new = [vector(waiting[0].id, ada, &[1, 2]), vector(waiting[1].id, bo, &[3, 4]), gone];
    db.keep_vectors("one", &new).await.unwrap();
    assert!(db.unembedded("one", 10).await.unwrap().is_empty());
    assert_eq!(db.vectors(ada, "one").await.unwrap(), [VectorRow { row: waiting[0].id, data: vec![1, 2] }]);
    assert!(db.vectors(ada, "two").await.unwrap().is_empty());

    // Another embedder makes all anew.
    assert_eq!(db.unembedded("two", 10).await.unwrap().len(), 2);
    db.keep_vectors("two", &[vector(waiting[0].id, ada, &[5])]).await.unwrap();
    assert!(db.vectors(ada, "one").await.unwrap().is_empty());
    assert_eq!(db.vectors(ada, "two").await.unwrap(), [VectorRow { row: waiting[0].id, data: vec![5] }]);
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
    assert!(db.vectors(ada, "one").await.unwrap().is_empty());
}
