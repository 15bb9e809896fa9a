//! The one table from error to status. What goes out is a problem document (RFC 9457) with a stable
//! `type`; pages get the same as HTML. What went wrong inside is logged once, here, and not told.

mod rejections;
mod skills;
mod upload;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::setup::SetupError;
use crate::{agent::SubmitError, memory::MemoryError, settings::SettingError, store::StoreError};

/// Makes the enum and the table from one list: variant, status, last part of `type`, title.
macro_rules! kinds {
    ($($variant:ident $status:literal $slug:literal $title:literal;)*) => {
        /// What kind of problem it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind { $($variant),* }

        impl Kind {
            fn row(self) -> (u16, &'static str, &'static str) {
                match self { $(Self::$variant => ($status, $slug, $title)),* }
            }

            /// All kinds, for the page that explains them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];
        }
    };
}

kinds! {
    InvalidJson          400 "invalid-json"            "The body is not JSON";
    InvalidQuery         400 "invalid-query"           "A parameter of the address is wrong";
    InvalidForm          400 "invalid-form"            "The form is incomplete";
    InvalidMultipart     400 "invalid-multipart"       "The upload was cut short or is malformed";
    Unauthorized         401 "unauthorized"            "A valid token or session is needed";
    WrongPassword        401 "wrong-password"          "The password is wrong";
    MissingScope         403 "missing-scope"           "The token lacks a scope";
    Csrf                 403 "csrf"                    "The form's token is missing or stale";
    WrongSetupCode       403 "wrong-setup-code"        "The set-up code is wrong";
    SetupCodeVoid        403 "setup-code-void"         "The set-up code is void; restart Skillet for a new one";
    NotFound             404 "not-found"               "There is nothing at this address";
    NoSkill              404 "no-skill"                "There is no such skill";
    NoVersion            404 "no-version"              "There is no such version";
    NoConversation       404 "no-conversation"         "There is no such conversation";
    NoTurn               404 "no-turn"                 "There is no such turn";
    NoMemory             404 "no-memory"               "There is no such memory";
    NoJob                404 "no-job"                  "There is no such job";
    NoUser               404 "no-user"                 "There is no such person";
    NoToken              404 "no-token"                "There is no such token";
    NoSetting            404 "no-setting"              "There is no such setting";
    NoPairing            404 "no-pairing"              "There is no such request";
    NoFile               404 "no-file"                 "There is no such file";
    NoCall               404 "no-call"                 "There is no such call";
    NoRecording          404 "no-recording"            "Nothing is kept of the call";
    NoSecret             404 "no-secret"               "There is no such secret";
    NoApproval           404 "no-approval"             "There is no such request of a skill";
    NoMessage            404 "no-message"              "There is no such message that waits";
    NoBudget             404 "no-budget"               "There is no such budget";
    NoModel              404 "no-model"                "There is no such model";
    MethodNotAllowed     405 "method-not-allowed"      "This address does not take this method";
    Taken                409 "taken"                   "It exists already";
    NotGranted           409 "not-granted"             "The version asks for what was not granted";
    AmbiguousVersion     409 "ambiguous-version"       "More than one version is meant";
    NothingBefore        409 "nothing-before"          "There is no earlier version";
    VersionAnswered      409 "version-answered"        "Only a version that never answered can be discarded";
    ApprovalClosed       409 "approval-closed"         "The request was decided before";
    NotDead              409 "not-dead"                "Only a dead job can be run again";
    JobClosed            409 "job-closed"              "The job is running or has ended";
    HostJob              409 "host-job"                "The job is the host's own";
    PairingClosed        409 "pairing-closed"          "The request was decided or has expired";
    NothingToExtend      409 "nothing-to-extend"       "The budget is not used up";
    TooLarge             413 "too-large"               "It is too large";
    UnsupportedMedia     415 "unsupported-media-type"  "This content type is not understood here";
    InvalidBody          422 "invalid-body"            "The body does not have the right fields";
    InvalidMessage       422 "invalid-message"         "The message cannot be taken";
    InvalidInput         422 "invalid-input"           "The input does not fit the skill's schema";
    InvalidMemory        422 "invalid-memory"          "This cannot be remembered";
    InvalidSetting       422 "invalid-setting"         "The value does not fit the setting";
    InvalidGrant         422 "invalid-grant"           "The grant is more than the skill asks for";
    InvalidSecret        422 "invalid-secret"          "The value cannot be a secret";
    InvalidUser          422 "invalid-user"            "The name of the person cannot be used";
    InvalidJob           422 "invalid-job"             "There can be no such job";
    InvalidToken         422 "invalid-token"           "The token cannot be made like this";
    InvalidBudget        422 "invalid-budget"          "There can be no such budget";
    InvalidPrice         422 "invalid-price"           "There can be no such price";
    WeakPassword         422 "weak-password"           "The password is too short";
    PasswordsDiffer      422 "passwords-differ"        "The two passwords differ";
    NotWasm              422 "not-wasm"                "The file is not WebAssembly";
    CoreModule           422 "core-module"             "The file is a core module, not a component";
    InvalidComponent     422 "invalid-component"       "The component is invalid";
    ManyManifests        422 "many-manifests"          "The component has more than one manifest";
    ManifestNotText      422 "manifest-not-text"       "The manifest is not text";
    NoManifest           422 "no-manifest"             "The component has no manifest";
    ManifestSyntax       422 "manifest-syntax"         "The manifest cannot be read";
    ManifestValue        422 "manifest-value"          "The manifest has a wrong value";
    UnknownImport        422 "unknown-import"          "The component imports what is not lent";
    UndeclaredCapability 422 "undeclared-capability"   "The component uses what its manifest does not ask for";
    CapabilityNotLent    422 "capability-not-lent"     "The manifest asks for what is not lent";
    NoExport             422 "no-export"               "The component does not export a skill";
    DoesNotCompile       422 "does-not-compile"        "The component does not compile";
    CompileTimeout       422 "compile-timeout"         "The component takes too long to compile";
    CompileLimit         422 "compile-limit"           "The component needs too much to compile";
    DoesNotLink          422 "does-not-link"           "The component does not fit the world";
    ExamplesFail         422 "examples-fail"           "Examples of the manifest fail";
    OtherSkill           422 "other-skill"             "These bytes are a version of another skill";
    UnknownName          421 "unknown-name"            "This is not a name of this host";
    TooManyAttempts      429 "too-many-attempts"       "Too many attempts";
    Internal             500 "internal"                "Something went wrong here";
    Unavailable          503 "unavailable"             "The database does not answer";
}

impl Kind {
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().0).expect("the table holds statuses")
    }

    /// The last part of `type`, and the key of its translated title.
    pub fn slug(self) -> &'static str {
        self.row().1
    }

    pub fn title(self) -> &'static str {
        self.row().2
    }
}

/// A failure on its way out.
#[derive(Clone, Debug)]
pub struct Problem {
    pub kind: Kind,
    /// What is wrong in this case, and what would mend it.
    pub detail: String,
    /// Further members of the document.
    more: Map<String, Value>,
}

pub type Result<T> = std::result::Result<T, Problem>;

impl Problem {
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), more: Map::new() }
    }

    /// Adds a member to the document.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.more.insert(key.to_owned(), value.into());
        self
    }

    /// The host's own fault: logged here, told to nobody.
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "a request failed");
        Self::new(Kind::Internal, "The fault is in the host; its log says more.")
    }

    pub fn document(&self) -> Value {
        let mut document = self.more.clone();
        document.insert("type".to_owned(), json!(format!("/problems/{}", self.kind.slug())));
        document.insert("title".to_owned(), json!(self.kind.title()));
        document.insert("status".to_owned(), json!(self.kind.status().as_u16()));
        document.insert("detail".to_owned(), json!(self.detail));
        Value::Object(document)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.kind.status(), Json(self.document())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.kind == Kind::Unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.more.get("retry_after_s").and_then(Value::as_u64) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // For pages: the layer that turns problems into HTML finds it here.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken(what) => Self::new(Kind::Taken, format!("{what} exists already")),
            error => Self::internal(&error),
        }
    }
}

impl From<SetupError> for Problem {
    fn from(error: SetupError) -> Self {
        let kind = match error {
            SetupError::Wrong => Kind::WrongSetupCode,
            SetupError::Void => Kind::SetupCodeVoid,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Empty | SubmitError::TooLong => Self::new(Kind::InvalidMessage, error.to_string()),
            SubmitError::NoConversation => Self::new(Kind::NoConversation, error.to_string()),
            SubmitError::Store(error) => error.into(),
        }
    }
}

impl From<MemoryError> for Problem {
    fn from(error: MemoryError) -> Self {
        match error {
            MemoryError::Store(error) => error.into(),
            refusal => Self::new(Kind::InvalidMemory, refusal.to_string()),
        }
    }
}

impl From<SettingError> for Problem {
    fn from(error: SettingError) -> Self {
        let detail = error.to_string();
        match error {
            SettingError::Unknown(_) => Self::new(Kind::NoSetting, detail),
            SettingError::Invalid { key, .. } | SettingError::Closed(key) => {
                Self::new(Kind::InvalidSetting, detail).with("key", key)
            }
            SettingError::Store(error) => error.into(),
        }
    }
}

impl From<tower_sessions::session::Error> for Problem {
    fn from(error: tower_sessions::session::Error) -> Self {
        Self::internal(&error)
    }
}

impl From<askama::Error> for Problem {
    fn from(error: askama::Error) -> Self {
        Self::internal(&error)
    }
}
