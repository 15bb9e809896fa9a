//! Starting with nothing configured.

use crate::harness::host::{Host, Options};

#[tokio::test]
async fn it_starts_with_nothing_configured_and_stops_when_asked() {
    let mut host = Host::start(Options::default()).await;
    assert_eq!(host.get("/healthz").await.status, 200);
    let code = host.first_run_code().await;
    assert_eq!((code.len(), code.find('-')), (9, Some(4)), "{code}");
    assert!(host.data_dir().join("skillet.db").is_file());
    assert!(host.terminate().await.success(), "{}", host.log());
}
