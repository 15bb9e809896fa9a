//! `skillet skill check`, `test` and `run`: a component tried in the sandbox.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::{
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use super::{
    Steps,
    build::{self, BuildOptions},
    report::{self, CaseReport, judged},
    stage,
};
use crate::{
    config::Config,
    skills::{Case, Example, ExpectedFailure, Rehearsal},
};

/// Where a skill's own cases are, beside its source.
const CASES: &str = "tests";

/// What is tried, on its stage, and the size of the component in bytes: a skill's folder, which is built first, or a
/// component.
async fn open(config: &Config, options: &BuildOptions) -> Result<(Rehearsal, usize)> {
    let path =
        fs::canonicalize(&options.dir).with_context(|| format!("there is nothing at {}", options.dir.display()))?;
    let component = if path.is_dir() {
        build::build(options)?.component
    } else {
        fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?
    };
    options.steps.tell(format_args!("compiling {} KiB", component.len().div_ceil(1024)));
    Ok((stage::rehearsal(config, &path, &component).await?, component.len()))
}

/// What `check` found.
pub struct Checked {
    pub value: Value,
    pub text: String,
    pub failed: Option<String>,
}

/// Looks at a skill as a host does at an upload, and runs its examples.
pub async fn check(config: &Config, options: &BuildOptions) -> Result<Checked> {
    let (rehearsal, size) = open(config, options).await?;
    let manifest = &rehearsal.manifest;
    let imports = rehearsal.imports.clone();
    let reports = run_all(&rehearsal, examples(&manifest.examples), options.steps).await?;
    let asked: Vec<String> = manifest.asked().into_iter().map(|(capability, _)| capability).collect();
    let unused: Vec<&String> = asked.iter().filter(|capability| !uses(&imports, capability)).collect();
    let mut lines = vec![
        format!("{} {}, {} KiB", manifest.name, manifest.version, size.div_ceil(1024)),
        format!("imports: {}", or_nothing(&imports)),
        format!("asks for: {}", or_nothing(&asked)),
    ];
    lines.extend(unused.iter().map(|one| format!("note: it asks for `{one}` and does not import it")));
    lines.extend(reports.iter().map(CaseReport::text));
    let failed = reports.iter().filter(|report| !report.passed).count();
    let failed = (failed > 0).then(|| format!("{failed} of {} examples fail", reports.len()));
    if failed.is_none() {
        lines.push(format!("{} examples pass; a host takes it", reports.len()));
    }
    let value = json!({
        "name": manifest.name, "version": manifest.version, "digest": rehearsal.digest,
        "size": size, "imports": imports, "asks_for": asked, "unused": unused, "examples": reports,
    });
    Ok(Checked { value, text: lines.join("\n"), failed })
}

fn uses(imports: &[String], capability: &str) -> bool {
    let names = [format!("skillet:skill/{capability}@"), format!("wasi:{capability}/")];
    imports.iter().any(|import| names.iter().any(|name| import.starts_with(name)))
}

fn or_nothing(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

/// What `test` came to.
pub struct Tested {
    pub reports: Vec<CaseReport>,
    pub failed: usize,
}

/// Runs the examples of a skill and the cases beside it.
pub async fn test(config: &Config, options: &BuildOptions, only: Option<&str>) -> Result<Tested> {
    let (rehearsal, cases) = if options.dir.is_dir() {
        // What is wrong with a case is told before a compiler runs.
        let mut cases = examples(&build::examples(&options.dir)?);
        cases.extend(written(&options.dir.join(CASES))?);
        let cases = chosen(cases, only)?;
        (open(config, options).await?.0, cases)
    } else {
        let (rehearsal, _) = open(config, options).await?;
        let cases = chosen(examples(&rehearsal.manifest.examples), only)?;
        (rehearsal, cases)
    };
    let reports = run_all(&rehearsal, cases, options.steps).await?;
    let failed = reports.iter().filter(|report| !report.passed).count();
    Ok(Tested { reports, failed })
}

/// The cases with this in their name.
fn chosen(mut cases: Vec<(String, Case)>, only: Option<&str>) -> Result<Vec<(String, Case)>> {
    if let Some(part) = only {
        cases.retain(|(name, _)| name.contains(part));
        ensure!(!cases.is_empty(), "no case has {part:?} in its name");
    }
    Ok(cases)
}

async fn run_all(rehearsal: &Rehearsal, cases: Vec<(String, Case)>, steps: Steps) -> Result<Vec<CaseReport>> {
    match cases.len() {
        0 => {}
        1 => steps.tell("running 1 case"),
        count => steps.tell(format_args!("running {count} cases")),
    }
    let mut reports = Vec::with_capacity(cases.len());
    for (name, case) in cases {
        let run = rehearsal.run(&case).await.with_context(|| name.clone())?;
        reports.push(judged(&case, name, run));
    }
    Ok(reports)
}

/// The examples of a manifest as cases.
fn examples(examples: &[Example]) -> Vec<(String, Case)> {
    let examples = examples.iter().enumerate();
    examples
        .map(|(at, example)| {
            let failure = example.failure.clone().map(|kind| ExpectedFailure { kind, text: String::new() });
            let case = Case {
                locale: example.locale.clone(),
                output: example.output.clone(),
                failure,
                alone: true,
                ..Case::of(example.input.clone())
            };
            (format!("example {}: {}", at + 1, example.input), case)
        })
        .collect()
}

/// The cases in a folder of JSON files, each one of them or a list.
fn written(folder: &Path) -> Result<Vec<(String, Case)>> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let shown = file.display();
        let text = fs::read_to_string(&file).with_context(|| format!("{shown} cannot be read"))?;
        let value: Value = serde_json::from_str(&text).with_context(|| format!("{shown} is not JSON"))?;
        let list = match value {
            Value::Array(list) => list,
            one => vec![one],
        };
        for (at, value) in list.into_iter().enumerate() {
            let case: Case = serde_json::from_value(value).with_context(|| format!("{shown}, case {}", at + 1))?;
            ensure!(
                case.output.is_some() || case.failure.is_some() || !case.kv_after.is_empty() || case.sent.is_some(),
                "{shown}, case {}: it says neither `output` nor `failure`, `kv_after` or `sent`, so nothing is tested",
                at + 1
            );
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            let name =
                if case.name.is_empty() { format!("{name} {}", at + 1) } else { format!("{name}: {}", case.name) };
            cases.push((name, case));
        }
    }
    Ok(cases)
}

/// What `run` does.
pub struct RunOptions {
    pub case: Case,
    /// So many times, each in a fresh instance.
    pub repeat: NonZeroUsize,
}

/// What came of `run`.
pub struct Ran {
    pub value: Value,
    pub text: String,
    pub failed: Option<String>,
}

/// Runs a skill once or more often, and reads out what that used.
pub async fn run(config: &Config, options: &BuildOptions, wanted: RunOptions) -> Result<Ran> {
    let (rehearsal, _) = open(config, options).await?;
    let runs = rehearsal.repeat(&wanted.case, wanted.repeat.get()).await?;
    let last = runs.last().context("nothing ran")?;
    let mut lines = Vec::new();
    if let Ok(output) = &last.outcome {
        lines.push(report::pretty(output).trim_end().to_owned());
    }
    lines.extend(last.log.iter().map(|line| format!("log {}: {}", line.level, line.message)));
    lines.extend(last.sent.iter().map(|one| match &one.chat {
        None => format!("sent: {}", one.text),
        Some(chat) => format!("sent to {chat}: {}", one.text),
    }));
    // What was refused before it began used nothing.
    if last.began() {
        lines.push(report::readout(last));
    }
    if runs.len() > 1 {
        let mut times: Vec<f64> = runs.iter().map(|run| run.duration_ms).collect();
        times.sort_by(f64::total_cmp);
        let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
        lines.push(format!("{} runs: p50 {:.3} ms, p99 {:.3} ms", times.len(), at(50), at(99)));
    }
    let failed = last.outcome.as_ref().err().map(ToString::to_string);
    Ok(Ran { value: json!(last), text: lines.join("\n"), failed })
}
