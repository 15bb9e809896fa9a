//! The host's own source of what reads a stranger's bytes, without the engine and the database that the
//! whole host would bring: `src/skills` is a link to the host's folder, and these files name none of it but
//! one another.
#![expect(dead_code, reason = "the host uses the rest")]

pub mod skills {
    pub mod egress {
        mod header;
        pub mod rule;
        pub use header::secret_header;
        pub use rule::HostRule;
    }
    pub mod manifest;
    pub mod package;
    mod schema;
    pub mod text;
    mod trigger;
}
