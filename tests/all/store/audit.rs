//! What owners and tokens did.

use serde_json::json;

use crate::harness::db::{TestDb, both};

both!(the_newest_comes_first);

async fn the_newest_comes_first(db: TestDb) {
    let detail = json!({ "digest": "d1", "前": null });
    db.audit(&db.clock, "owner", "skill.activate", "echo", &detail).await.unwrap();
    let later = db.tick();
    db.audit(&db.clock, "token laptop", "job.run", "j1", &json!({})).await.unwrap();
    let entries = db.audit_entries(10).await.unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!((entries[0].actor.as_str(), entries[0].created_at), ("token laptop", later));
    assert_eq!((entries[1].action.as_str(), entries[1].subject.as_str()), ("skill.activate", "echo"));
    assert_eq!(entries[1].detail.0, detail);
    assert_ne!(entries[0].id, entries[1].id);
    assert_eq!(db.audit_entries(1).await.unwrap().len(), 1);
}
