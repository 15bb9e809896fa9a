//! What takes a while, told to people on stderr while it goes on; what a command is asked for goes to stdout.

use std::fmt::Display;

/// Whether steps are told: to people they are, a program that reads JSON waits without.
#[derive(Clone, Copy, Debug)]
pub struct Steps(pub bool);

impl Steps {
    /// Says what begins now, in a line of its own.
    pub fn tell(self, what: impl Display) {
        if self.0 {
            eprintln!("{what} …");
        }
    }
}
