//! A call that has begun and must end on record, also when whoever waited for it has left.

use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use super::super::{
    failure::{CallFailure, FailureKind},
    host::Services,
};
use crate::{
    ids::CallId,
    store::{CallEnd, logged},
};

pub struct OpenCall<'a> {
    services: &'a Services,
    tasks: &'a TaskTracker,
    pub id: CallId,
    pub attempt: i64,
    open: bool,
}

impl<'a> OpenCall<'a> {
    pub fn new(services: &'a Services, tasks: &'a TaskTracker, id: CallId, attempt: i64) -> Self {
        Self { services, tasks, id, attempt, open: true }
    }

    /// Its end is on record.
    pub fn closed(mut self) {
        self.open = false;
    }
}

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        // At the end of the process there is nobody left to do it; its lease tells the rest.
        if tokio::runtime::Handle::try_current().is_err() {
            return;
        }
        let (services, id, attempt) = (self.services.clone(), self.id, self.attempt);
        self.tasks.spawn(async move {
            let failure = CallFailure::new(FailureKind::Cancelled, "whoever waited for this call left");
            let end = CallEnd {
                output: None,
                failure: Some(&failure.json()),
                fault: Some(failure.kind.fault()),
                log: &json!([]),
                queue_us: 0,
                duration_us: 0,
                fuel: 0,
                peak_memory_bytes: 0,
                host_calls: 0,
                usage: &Value::Null,
            };
            logged(
                "a call that was left could not be closed",
                services.db.end_call(&services.clock, id, attempt, &end).await,
            );
        });
    }
}
