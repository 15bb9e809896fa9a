//! Write Skillet skills in Rust.
//!
//! A skill is one type that implements [`Skill`], exported with [`export!`]. It is built into a
//! WebAssembly component that the host runs in a sandbox, in a fresh instance for each call.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use skillet_sdk::{Call, Failure, Skill};
//!
//! struct Greet;
//!
//! #[derive(Deserialize)]
//! struct Input {
//!     name: String,
//! }
//!
//! #[derive(Serialize, Debug, PartialEq)]
//! struct Output {
//!     text: String,
//! }
//!
//! impl Skill for Greet {
//!     type Input = Input;
//!     type Output = Output;
//!
//!     fn run(call: Call<Input>) -> Result<Output, Failure> {
//!         let name = call.input.name.trim();
//!         if name.is_empty() {
//!             return Err(Failure::InvalidInput("the name is empty".into()));
//!         }
//!         Ok(Output { text: format!("Hello, {name}!") })
//!     }
//! }
//!
//! skillet_sdk::export!(Greet);
//!
//! let output = Greet::run(Call::new(Input { name: "Ada".into() }));
//! assert_eq!(output, Ok(Output { text: "Hello, Ada!".into() }));
//! ```
//!
//! # What a skill can reach
//!
//! Everything outside the sandbox goes through a module of this crate. Four need no grant:
//! [`log`], [`clock`], [`random`], [`progress`]. The others are lent only when the skill's
//! manifest asks for them and the owner agrees: [`kv`], [`settings`], [`memory`], [`config`],
//! [`messages`], [`jobs`], [`llm`], [`http`], [`skills`]. A module that is not used leaves no trace in
//! the component, so a skill that never touches [`memory`] cannot be granted it by accident.
//!
//! Each module's error converts into a [`Failure`], so `?` is usually enough.
//!
//! # In native tests
//!
//! The crate compiles for the machine it is built on, so that `cargo test` works. [`testing`] is the host there for
//! [`clock`], [`kv`] and [`jobs`]; [`log`] prints to standard error, [`progress`] does nothing, and every other module
//! panics. Keep the logic in functions that take what those modules return.

mod bindings;
mod call;
mod failure;
mod glue;
mod panics;
#[cfg(not(target_family = "wasm"))]
mod schemas;

pub mod clock;
pub mod config;
pub mod http;
pub mod jobs;
pub mod kv;
pub mod llm;
pub mod log;
pub mod memory;
pub mod messages;
pub mod progress;
pub mod random;
pub mod settings;
pub mod skills;
#[cfg(not(target_family = "wasm"))]
pub mod testing;

pub use call::Call;
pub use failure::Failure;
pub use schemars::{self, JsonSchema};
pub use serde_json;

use serde::{Serialize, de::DeserializeOwned};

/// A skill: one function from arguments to a result.
///
/// [`Input`](Skill::Input) and [`Output`](Skill::Output) mirror the manifest's `input_schema` and
/// `output_schema`. Where the manifest lacks one, the build makes it from the type, which derives
/// [`JsonSchema`](derive@JsonSchema). By convention an output object's string field `text` is what a person is
/// shown, in the language of [`Call::locale`]; the other fields are for models and other skills.
///
/// ```
/// use skillet_sdk::{Call, Failure, Skill, serde_json::{Value, json}};
///
/// struct Echo;
///
/// impl Skill for Echo {
///     type Input = Value;
///     type Output = Value;
///
///     fn run(call: Call<Value>) -> Result<Value, Failure> {
///         Ok(json!({ "text": call.input.to_string() }))
///     }
/// }
/// ```
pub trait Skill {
    /// The arguments, as `input_schema` describes them.
    type Input: DeserializeOwned;
    /// The result, as `output_schema` describes it.
    type Output: Serialize;

    /// Runs once, in a fresh instance: nothing in `static`s survives from an earlier call.
    ///
    /// A panic ends the call as failed, and the host shows its message; return a [`Failure`] for
    /// what can be foreseen.
    fn run(call: Call<Self::Input>) -> Result<Self::Output, Failure>;
}

/// Makes a [`Skill`] the one that this component exports. Once per crate, in `lib.rs`.
///
/// ```
/// # use skillet_sdk::{Call, Failure, Skill};
/// struct Nothing;
///
/// impl Skill for Nothing {
///     type Input = ();
///     type Output = ();
///     fn run(_: Call<()>) -> Result<(), Failure> {
///         Ok(())
///     }
/// }
///
/// skillet_sdk::export!(Nothing);
/// ```
#[macro_export]
macro_rules! export {
    ($skill:ty) => {
        // The component's symbol names have characters that linkers for other targets refuse.
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Exported = $crate::__private::Exported<$skill>;
    $crate::__private::export_component!(Exported with_types_in $crate::__private);
        };
        #[cfg(not(target_family = "wasm"))]
        #[doc(hidden)]
        pub fn __skillet_schemas() -> ::std::string::String {
            use $crate::__private::{Derived as _, NotDerived as _, Of, settings, told};
            let (read, written) = settings();
            told(
                (&&Of::<<$skill as $crate::Skill>::Input>::TYPE).schema(read),
                (&&Of::<<$skill as $crate::Skill>::Output>::TYPE).schema(written),
            )
        }
    };
}

/// What [`export!`] expands to. Not for use by hand; changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use crate::bindings::{export_component, exports};
    pub use crate::glue::Exported;
    #[cfg(not(target_family = "wasm"))]
    pub use crate::schemas::{Derived, NotDerived, Of, settings, told};
}
