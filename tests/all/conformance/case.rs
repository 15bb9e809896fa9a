use serde_json::Value;
use std::pin::Pin;

use super::ground::Ground;

/// A test of its own, for what takes more than one call.
pub type Deed<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

pub struct Case {
    pub name: &'static str,
    how: How,
}

enum How {
    Gives(Value, Value),
    Fails(Value, Vec<&'static str>, &'static str),
    Deed(fn(&Ground) -> Deed<'_>),
}

impl Case {
    /// A call with exactly this output.
    pub fn gives(name: &'static str, input: Value, output: Value) -> Self {
        Self { name, how: How::Gives(input, output) }
    }

    /// A call that fails in one of these ways, with this in its text.
    pub fn fails(name: &'static str, input: Value, kinds: &[&'static str], text: &'static str) -> Self {
        Self { name, how: How::Fails(input, kinds.to_vec(), text) }
    }

    pub fn deed(name: &'static str, deed: fn(&Ground) -> Deed<'_>) -> Self {
        Self { name, how: How::Deed(deed) }
    }

    pub async fn run(&self, ground: &Ground) {
        match &self.how {
            How::Gives(input, output) => assert_eq!(&ground.gives(input.clone()).await, output),
            How::Fails(input, kinds, text) => {
                ground.fails(input.clone(), kinds, text).await;
            }
            How::Deed(deed) => deed(ground).await,
        }
    }
}

/// Makes a case of an `async fn(&Ground)`.
macro_rules! deed {
    ($name:ident) => {{
        fn deed(ground: &$crate::conformance::ground::Ground) -> $crate::conformance::case::Deed<'_> {
            Box::pin($name(ground))
        }
        $crate::conformance::case::Case::deed(stringify!($name), deed)
    }};
}
pub(super) use deed;
