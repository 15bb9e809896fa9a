//! The examples of a manifest, run in the sandbox before a version is taken.

use serde::Serialize;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

use super::UploadError;
use crate::{
    skills::{
        CallFailure, Caller, Skills,
        executor::{RawCall, Stage},
        grant::Grants,
        host::Services,
        manifest::{Example, Manifest},
        registry::Installed,
        tape::Tape,
    },
    store::StoreError,
};

/// Time that all examples of a manifest may take together.
pub const TIME: Duration = Duration::from_mins(1);

/// Bytes kept of what came of an example; they are shown with the version, whenever that is shown.
const MAX_KEPT_BYTES: usize = 4 << 10;

/// How one example of the manifest came out.
#[derive(Clone, Debug, Serialize)]
pub struct ExampleResult {
    pub input: Value,
    pub passed: bool,
    /// What the manifest says, as `{output}`, `{failure}` or `{}`.
    pub expected: Value,
    /// What came, as `{output}` or `{failure}`.
    pub actual: Value,
}

impl Skills {
    /// Instantiates a version once: the types of its exports are seen only then.
    pub(super) async fn begins(&self, manifest: &Manifest, digest: &str) -> Result<(), UploadError> {
        let installed = self.registry.prepare(manifest, digest, Grants::new(&manifest.name, manifest.asked()))?;
        let scratch = self.services.scratch(self.services.clock.clone()).await?;
        let began = self.executor.begin(self, &installed, &scratch).await;
        scratch.db.close().await;
        began.map_err(|failure| UploadError::Begin(failure.to_string()))
    }

    /// Runs the examples over an empty database of their own, with everything granted that the
    /// manifest asks for.
    pub(super) async fn examples(&self, manifest: &Manifest, digest: &str) -> Result<Vec<ExampleResult>, UploadError> {
        if manifest.examples.is_empty() {
            return Ok(Vec::new());
        }
        let installed = self.registry.prepare(manifest, digest, Grants::new(&manifest.name, manifest.asked()))?;
        let scratch = self.services.scratch(self.services.clock.clone()).await?;
        let mut results = Vec::new();
        let began = Instant::now();
        for (at, example) in manifest.examples.iter().enumerate() {
            if began.elapsed() > TIME {
                return Err(UploadError::SlowExamples { ran: at, total: manifest.examples.len() });
            }
            results.push(self.example(&installed, &scratch, at, example).await?);
        }
        scratch.db.close().await;
        let failed = results.iter().filter(|result| !result.passed).count();
        if failed > 0 {
            return Err(UploadError::Examples { failed, total: results.len(), results });
        }
        Ok(results)
    }

    async fn example(
        &self,
        installed: &Installed,
        scratch: &Services,
        at: usize,
        example: &Example,
    ) -> Result<ExampleResult, StoreError> {
        let user = scratch.db.user_named(&scratch.clock, &format!("example {at}")).await?;
        let caller = Caller {
            user: user.id,
            turn: None,
            conversation: None,
            token: None,
            locale: example.locale.clone(),
            time_zone: "UTC".into(),
        };
        let raw = RawCall {
            id: String::new(),
            attempt: 1,
            input: &example.input,
            caller: &caller,
            progress: None,
            root: None,
            tape: Tape::default(),
        };
        let output = self.executor.alone(Stage::Alone(self, scratch), installed, raw).await.output;
        Ok(compare(example, installed, &output))
    }
}

/// An output as it is kept with the version: a long one as the beginning of its text.
fn kept(output: &Value) -> Value {
    let text = output.to_string();
    if text.len() <= MAX_KEPT_BYTES {
        return output.clone();
    }
    Value::from(format!("{} […]", &text[..text.floor_char_boundary(MAX_KEPT_BYTES)]))
}

fn compare(example: &Example, installed: &Installed, output: &Result<Value, CallFailure>) -> ExampleResult {
    let expected = match (&example.output, &example.failure) {
        (Some(output), _) => json!({ "output": output }),
        (None, Some(failure)) => json!({ "failure": failure }),
        (None, None) => json!({}),
    };
    let (passed, actual) = match output {
        Ok(value) => {
            let as_wanted = example.output.as_ref().is_none_or(|wanted| wanted == value) && example.failure.is_none();
            (as_wanted && installed.output.fits(value), json!({ "output": kept(value) }))
        }
        Err(failure) => (
            example.failure.as_deref() == Some(failure.kind.name().as_str()),
            json!({ "failure": failure.kind, "text": failure.text }),
        ),
    };
    ExampleResult { input: example.input.clone(), passed, expected, actual }
}
