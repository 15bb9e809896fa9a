//! Tools of others: where they are, and what to say when they are not.

use anyhow::{Context, Result, ensure};
use std::{
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A program that a build needs, and the commands that install it.
#[derive(Debug)]
pub struct Tool {
    /// Its names, the best first.
    pub names: &'static [&'static str],
    /// One way a line.
    pub remedy: &'static str,
}

/// Where distributions put programs that are not in everybody's PATH.
const USUAL_PLACES: [&str; 2] = ["/usr/bin", "/usr/local/bin"];

impl Tool {
    /// Looks in these folders first, then in the PATH and the usual places.
    pub fn find(&self, before: &[PathBuf]) -> Result<PathBuf> {
        let path = env::var_os("PATH").unwrap_or_default();
        let places: Vec<PathBuf> =
            before.iter().cloned().chain(env::split_paths(&path)).chain(USUAL_PLACES.map(PathBuf::from)).collect();
        let mut files = self.names.iter().flat_map(|name| places.iter().map(move |place| place.join(name)));
        files.find(|file| file.is_file()).with_context(|| {
            format!("`{}` is needed and not here. Install it:\n{}", self.names[0], indented(self.remedy))
        })
    }
}

/// Where Python puts the programs of a project: the virtual environments of a folder and those above it.
pub fn places(dir: &Path) -> Vec<PathBuf> {
    dir.ancestors().map(|dir| dir.join(".venv/bin")).filter(|place| place.is_dir()).collect()
}

/// How Zig is called: by its name, by the one that its Python package installs, or as a module of Python.
pub fn zig(dir: &Path) -> Result<Vec<OsString>> {
    const ZIG: Tool = Tool { names: &["zig", "python-zig"], remedy: "pip install ziglang==0.17.1" };
    const PYTHON: Tool = Tool { names: &["python3"], remedy: "" };
    match ZIG.find(&places(dir)) {
        Ok(zig) => Ok(vec![zig.into()]),
        Err(error) => {
            let Ok(python) = PYTHON.find(&places(dir)) else { return Err(error) };
            let there = Command::new(&python).args(["-c", "import ziglang"]).stderr(Stdio::null()).status();
            if !there.is_ok_and(|status| status.success()) {
                return Err(error);
            }
            Ok(vec![python.into(), "-m".into(), "ziglang".into()])
        }
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {}", line.trim())).collect::<Vec<_>>().join("\n")
}

/// A command in a folder.
pub fn command(program: &Path, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(dir).stdin(Stdio::null());
    command
}

/// Runs a command; what it says goes to the author.
pub fn run(mut command: Command) -> Result<()> {
    let name = command.get_program().to_owned();
    command.stderr(Stdio::inherit());
    let output = redirected(&mut command).with_context(|| format!("cannot run {}", shown(&name)))?;
    ensure!(output, "{} could not do it; what it says stands above", shown(&name));
    Ok(())
}

/// With its standard output on our standard error, where progress belongs.
fn redirected(command: &mut Command) -> std::io::Result<bool> {
    use std::os::fd::AsFd;
    let errors = std::io::stderr().as_fd().try_clone_to_owned()?;
    Ok(command.stdout(errors).status()?.success())
}

fn shown(program: &OsStr) -> String {
    Path::new(program).file_name().unwrap_or(program).to_string_lossy().into_owned()
}
