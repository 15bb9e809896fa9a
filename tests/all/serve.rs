//! Starting: alone with nothing configured, and side by side on one Postgres.

use crate::harness::{
    db::TestDb,
    host::{Host, Options},
};

#[tokio::test]
async fn it_starts_with_nothing_configured_and_stops_when_asked() {
    let mut host = Host::start(Options::default()).await;
    assert_eq!(host.get("/healthz").await.status, 200);
    let code = host.first_run_code().await;
    assert_eq!((code.len(), code.find('-')), (9, Some(4)), "{code}");
    assert!(host.data_dir().join("skillet.db").is_file());
    assert!(host.terminate().await.success(), "{}", host.log());
}

#[tokio::test]
async fn two_hosts_share_one_postgres() {
    let Some(db) = TestDb::postgres("two_hosts_share_one_postgres").await else { return };
    let mut one = Host::start(Options { database_url: Some(db.url().to_owned()), ..Options::default() }).await;
    one.token("chat").await;
    let two = one.another().await;
    let said = one.chat("ada", "hello", None).await;
    let conversation = said["conversation"].as_str().unwrap();
    two.chat("ada", "hello again", Some(conversation)).await;
    let messages = one.get(&format!("/api/v1/conversations/{conversation}/messages")).await.ok();
    assert_eq!(messages["messages"].as_array().unwrap().len(), 4);
    drop((one, two));
    db.remove().await;
}
