//! Files that people sent.

use skillet::{
    ids::FileId,
    store::{Accepted, NewFile},
};

use crate::harness::db::{TestDb, both, incoming};

both!(files_come_with_their_message, a_late_part_belongs_to_the_turn_of_the_others);

fn file(name: &str, content: &[u8]) -> NewFile {
    NewFile { name: name.into(), media_type: "application/pdf".into(), content: content.into() }
}

async fn files_come_with_their_message(db: TestDb) {
    let ada = db.person("ada").await;
    let (here, elsewhere) = (db.talk(ada).await, db.talk(ada).await);
    let mut message = incoming(ada, here, "1", "look");
    message.files = vec![file("報告.pdf", &[0, 255, 10]), file("empty", &[])];
    let turn = db.accept(&db.clock, &message).await.unwrap().turn();

    let files = db.files(here).await.unwrap();
    let listed: Vec<(&str, i64)> = files.iter().map(|file| (file.name.as_str(), file.size)).collect();
    assert_eq!(listed, [("報告.pdf", 3), ("empty", 0)]);
    assert_eq!((files[0].turn_id, files[0].conversation_id, files[0].created_at), (turn, here, db.clock.now()));
    let (row, content) = db.file(files[0].id).await.unwrap().unwrap();
    assert_eq!((row.name.as_str(), row.media_type.as_str(), row.size), ("報告.pdf", "application/pdf", 3));
    assert_eq!(content, [0, 255, 10]);
    assert!(db.file(files[1].id).await.unwrap().unwrap().1.is_empty());
    assert!(db.files(elsewhere).await.unwrap().is_empty());
    assert_eq!(db.kept_bytes(ada).await.unwrap(), 3);
    assert_eq!(db.kept_bytes(db.person("bo").await).await.unwrap(), 0);
    assert!(db.file(FileId::new(&db.clock)).await.unwrap().is_none());
}

/// The parts of an album come in one by one, sometimes after the first ones were answered.
async fn a_late_part_belongs_to_the_turn_of_the_others(db: TestDb) {
    let ada = db.person("ada").await;
    let talk = db.talk(ada).await;
    db.updates_come(&[1, 2, 3]).await;
    let mut first = incoming(ada, talk, "7:album 5", "look");
    (first.files, first.updates) =
        (vec![file("one", b"1"), file("two", b"2")], vec!["update 1".into(), "update 2".into()]);
    let turn = db.accept(&db.clock, &first).await.unwrap().turn();
    db.tick();
    let mut late = incoming(ada, talk, "7:album 5", "");
    (late.files, late.updates) = (vec![file("three", b"3")], vec!["update 3".into()]);
    assert_eq!(db.accept(&db.clock, &late).await.unwrap(), Accepted::Known(turn));
    let files = db.files(talk).await.unwrap();
    assert_eq!(files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["one", "two", "three"]);
    assert!(files.iter().all(|file| file.turn_id == turn));
    assert_eq!(db.messages(talk, 10).await.unwrap().len(), 1, "it is the same message");
    assert!(db.waiting_updates(&[], 10).await.unwrap().is_empty());
}
