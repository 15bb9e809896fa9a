//! A case of the suite: an attack, what must come of it, and how that is proved.

use serde_json::Value;
use std::{pin::Pin, time::Duration};

use super::{fetch::Fetch, ground::Ground};
use crate::harness::manifest::Manifest;

/// One row of the table.
pub struct Case {
    pub id: &'static str,
    pub attack: &'static str,
    /// What must come of it, with its bound in time where that is not said by `how`.
    pub must: &'static str,
    pub how: How,
    /// Tests outside the suite that prove it, or more of it: `file::name` below `tests/all`, or `host::…` below
    /// `host/src`.
    pub also: &'static [&'static str],
    /// What of it does not hold, and why.
    pub lacks: &'static str,
}

/// How a case is proved.
pub enum How {
    /// A component that is taken, and whose call ends so.
    Call(Made, Call),
    /// A component, or any bytes, that are refused.
    Upload(Made, Refused),
    /// A request that a guest makes.
    Exchange(fn(&Ground) -> Fetch, Comes),
    /// Whatever takes more than that; a panic is a failure.
    Deed(for<'a> fn(&'a Ground) -> Deed<'a>),
    /// By the tests in `also`.
    Elsewhere,
    /// It is not met, for this reason.
    NotMet(&'static str),
}

/// Makes a component; the manifest has the case's name and little time.
pub type Made = fn(Manifest) -> Vec<u8>;

pub type Deed<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// How a call ends.
pub struct Call {
    /// Kinds of failure, any of which will do; `""` is an output.
    pub kinds: &'static [&'static str],
    /// Part of the failure's text.
    pub text: &'static str,
    pub within: Duration,
    /// More to be held against the answer of the call.
    pub check: fn(&Value),
}

/// How an upload is refused.
pub struct Refused {
    /// Last parts of the problem's `type`, any of which will do.
    pub kinds: &'static [&'static str],
    /// Part of the problem's detail.
    pub text: &'static str,
    pub within: Duration,
}

/// What comes of a request.
pub struct Comes {
    /// `answer`, a case of the interface's error, or `failure` and the kind of the run's own end.
    pub kinds: &'static [&'static str],
    /// Part of the body or of the error's text.
    pub text: &'static str,
    /// Whether the server hears of it.
    pub heard: bool,
    pub within: Duration,
}

impl Case {
    pub fn new(id: &'static str, attack: &'static str, must: &'static str, how: How) -> Self {
        Self { id, attack, must, how, also: &[], lacks: "" }
    }

    /// Names tests that prove more of it.
    pub fn also(self, also: &'static [&'static str]) -> Self {
        Self { also, ..self }
    }

    pub fn lacks(self, lacks: &'static str) -> Self {
        Self { lacks, ..self }
    }

    /// The name of the skill that its component is.
    pub fn skill(&self) -> String {
        format!("attack_{}", self.id.to_lowercase())
    }

    /// What must come of it, in words.
    pub fn outcome(&self) -> String {
        let list = |kinds: &[&str]| {
            let kinds: Vec<String> = kinds
                .iter()
                .map(|kind| if kind.is_empty() { "an output".to_owned() } else { format!("`{kind}`") })
                .collect();
            kinds.join(" or ")
        };
        let (said, within) = match &self.how {
            How::Call(_, call) => (list(call.kinds), call.within),
            How::Upload(_, refused) => (format!("refused: {}", list(refused.kinds)), refused.within),
            How::Exchange(_, comes) => (list(comes.kinds), comes.within),
            _ => return self.must.to_owned(),
        };
        format!("{}: {said}, within {} s", self.must, within.as_secs_f64())
    }
}

/// What an attack on a limit of one second may take on a busy machine.
pub const BRIEF: Duration = Duration::from_secs(3);

/// What an upload may take that is refused before it is compiled.
pub const REFUSAL: Duration = Duration::from_secs(5);

/// A call that fails in one of these ways.
pub fn ends(kinds: &'static [&'static str]) -> Call {
    Call { kinds, text: "", within: BRIEF, check: |_| {} }
}

/// A call that gives an output.
pub fn answers() -> Call {
    ends(&[""])
}

impl Call {
    pub fn text(self, text: &'static str) -> Self {
        Self { text, ..self }
    }

    pub fn within_s(self, seconds: u64) -> Self {
        Self { within: Duration::from_secs(seconds), ..self }
    }

    pub fn check(self, check: fn(&Value)) -> Self {
        Self { check, ..self }
    }
}

/// An upload that is refused in one of these ways.
pub fn refused(kinds: &'static [&'static str], text: &'static str) -> Refused {
    Refused { kinds, text, within: REFUSAL }
}

/// A request of which one of these comes, without the server's hearing of it.
pub fn comes(kinds: &'static [&'static str]) -> Comes {
    Comes { kinds, text: "", heard: false, within: BRIEF }
}

impl Comes {
    pub fn text(self, text: &'static str) -> Self {
        Self { text, ..self }
    }

    pub fn heard(self) -> Self {
        Self { heard: true, ..self }
    }

    pub fn within_s(self, seconds: u64) -> Self {
        Self { within: Duration::from_secs(seconds), ..self }
    }
}

/// Makes a deed of an `async fn(&Ground)`.
macro_rules! deed {
    ($name:ident) => {{
        fn deed(ground: &$crate::attacks::ground::Ground) -> $crate::attacks::case::Deed<'_> {
            Box::pin($name(ground))
        }
        $crate::attacks::case::How::Deed(deed)
    }};
}
pub(crate) use deed;
