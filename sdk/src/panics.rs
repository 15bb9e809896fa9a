use crate::log;
use std::panic;

/// A component is built with `panic = "abort"`: a panic is a trap, and a trap carries no text.
/// So the message goes out as a log line first, which the host shows beside the failed call.
pub fn report_to_host() {
    panic::set_hook(Box::new(|info| log::error(info)));
}
