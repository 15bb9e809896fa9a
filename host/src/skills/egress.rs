//! The one door to the network for skills, behind `skillet:skill/http` and `wasi:http` alike.
//!
//! ```text
//! request   the URL is spelled in one way only, the host is granted, method and headers may be set
//! secrets   put in by the host for the host they belong to, over https
//! dial      one lookup, every address public, and the connection goes to those
//! redirect  through all of it again
//! answer    capped after decompression, known secrets taken out
//! ```
//!
//! Nothing here knows WebAssembly.

mod address;
mod answer;
mod dial;
mod gate;
mod header;
mod lines;
mod redact;
mod redirect;
mod refusal;
mod request;
mod rule;
mod script;
mod seal;
mod secret;
#[cfg(test)]
mod tests;

pub use gate::{Bounds, Egress, Incoming, Outgoing, Rules};
pub use header::secret_header;
pub use redact::Redactor;
pub use refusal::Refusal;
pub use rule::HostRule;
pub use script::Exchange;
pub use seal::{Owner, Seal};
pub use secret::{MAX_SECRET_BYTES, MIN_SECRET_BYTES, Secret};
