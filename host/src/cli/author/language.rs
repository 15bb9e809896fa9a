//! The languages that a skill's folder may be written in.

use anyhow::{Result, bail};
use clap::ValueEnum;
use std::path::Path;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    Rust,
    #[value(alias = "javascript")]
    Js,
    #[value(alias = "typescript")]
    Ts,
    Python,
    Go,
    C,
    #[value(alias = "c++")]
    Cpp,
    Zig,
    #[value(alias = "as")]
    Assemblyscript,
}

impl Language {
    pub const ALL: [Self; 9] =
        [Self::Rust, Self::Js, Self::Ts, Self::Python, Self::Go, Self::C, Self::Cpp, Self::Zig, Self::Assemblyscript];

    /// The file by which a folder is known to be written in it.
    pub fn source(self) -> &'static str {
        match self {
            Self::Rust => "Cargo.toml",
            Self::Js => "skill.js",
            Self::Ts => "skill.ts",
            Self::Python => "skill.py",
            Self::Go => "skill.go",
            Self::C => "skill.c",
            Self::Cpp => "skill.cpp",
            Self::Zig => "skill.zig",
            Self::Assemblyscript => "assembly/index.ts",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::Js => "JavaScript",
            Self::Ts => "TypeScript",
            Self::Python => "Python",
            Self::Go => "Go",
            Self::C => "C",
            Self::Cpp => "C++",
            Self::Zig => "Zig",
            Self::Assemblyscript => "AssemblyScript",
        }
    }

    /// Whether two builds of the same source differ, since each is a picture of a running engine.
    pub fn takes_pictures(self) -> bool {
        matches!(self, Self::Js | Self::Ts | Self::Python)
    }

    /// The language of a folder.
    pub fn of(dir: &Path) -> Result<Self> {
        let there: Vec<Self> = Self::ALL.into_iter().filter(|language| dir.join(language.source()).is_file()).collect();
        match there[..] {
            [one] => Ok(one),
            [] => {
                let known = Self::ALL.map(Self::source).join(", ");
                bail!("{} holds the source of no skill: none of {known} is there", dir.display())
            }
            [one, other, ..] => {
                bail!("{} holds both {} and {}: a skill has one of them", dir.display(), one.source(), other.source())
            }
        }
    }
}
