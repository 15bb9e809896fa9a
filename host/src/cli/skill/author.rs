//! The commands of an author, who needs no host.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::{
    io::Write,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use super::{Source, Target, life::push, read, text_of};
use crate::{
    cli::{
        Shown,
        author::{self, Language, RunOptions, Steps},
        print, tell,
    },
    clock::Clock,
    config::Config,
    skills::{Case, Manifest, digest, package, short_digest},
};

pub fn new(name: &str, language: Language, dir: &Path, sdk: Option<&Path>, json: bool) -> Result<()> {
    let here = std::env::current_dir()?;
    // A skill of this project's own workspace builds on the crate that is there.
    let is_ours = |sdk: &PathBuf| {
        let text = std::fs::read_to_string(sdk.join("Cargo.toml")).unwrap_or_default();
        toml::from_str::<toml::Table>(&text).is_ok_and(|table| {
            table.get("package").and_then(|package| package.get("name")?.as_str()) == Some("skillet-sdk")
        })
    };
    let near = here.ancestors().map(|dir| dir.join("sdk")).find(is_ours);
    let made = author::new_skill(name, language, dir, sdk.or(near.as_deref()))?;
    let shown = made.display();
    let text = format!(
        "{shown} holds a skill in {}\ntest it with: skillet skill test {shown}\npush it to a running host with: skillet skill push {shown} --to URL",
        language.name()
    );
    print(json, &json!({ "dir": made, "language": language.name() }), &text)
}

pub fn build(source: &Source, json: bool) -> Result<()> {
    let built = author::build(&source.options(json))?;
    let (file, size) = (built.file.display(), built.component.len());
    let text = format!("{file} ({} KiB)", size.div_ceil(1024));
    print(json, &json!({ "file": built.file, "size": size, "language": built.language.name() }), &text)
}

/// Shows what is in a component.
pub fn inspect(source: &Source, json: bool) -> Result<()> {
    let component = if source.path.is_dir() {
        let file = author::built_file(&source.options(json))?;
        ensure!(
            file.is_file(),
            "there is no {}; build it first: skillet skill build {}",
            file.display(),
            source.path.display()
        );
        read(&file)?
    } else {
        read(&source.path)?
    };
    let found = package::inspect(&component)?;
    let manifest = found.manifest.as_deref().map(Manifest::parse).transpose()?;
    let name = manifest.as_ref().map_or("no manifest".to_owned(), |one| format!("{} {}", one.name, one.version));
    let digest = digest(&component);
    let text =
        format!("{name}\n{} bytes, {}\nimports: {}", found.size, short_digest(&digest), found.imports.join(", "));
    let value = json!({
        "digest": digest, "size": found.size, "imports": found.imports, "exports": found.exports,
        "manifest": manifest,
    });
    print(json, &value, &text)
}

/// It is JSON in any case.
pub fn schema() -> Result<()> {
    let mut out = std::io::stdout().lock();
    // Whoever closed the pipe has read enough.
    match out.write_all(author::manifest_schema().as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

pub async fn check(config: &Config, source: &Source, json: bool) -> Result<()> {
    let checked = Box::pin(author::check(config, &source.options(json))).await?;
    print(json, &checked.value, &checked.text)?;
    shown(checked.failed)
}

/// Fails with what the printed answer shows already.
fn shown(failed: Option<String>) -> Result<()> {
    failed.map_or(Ok(()), |failure| bail!(Shown(failure)))
}

pub async fn test(config: &Config, source: &Source, only: Option<&str>, json: bool) -> Result<()> {
    let tested = Box::pin(author::test(config, &source.options(json), only)).await?;
    let lines: Vec<String> = tested.reports.iter().map(author::CaseReport::text).collect();
    print(json, &json!({ "cases": tested.reports, "failed": tested.failed }), &lines.join("\n"))?;
    match (tested.reports.len(), tested.failed) {
        (0, _) => bail!(Shown("there is neither an example in skill.toml nor a case in tests/".to_owned())),
        (total, 0) => {
            if !json {
                println!("{total} cases pass");
            }
            Ok(())
        }
        (total, failed) => bail!(Shown(format!("{failed} of {total} cases fail"))),
    }
}

/// What `run` was told.
pub struct RunArguments {
    pub input: String,
    pub case: Option<PathBuf>,
    pub only: Option<String>,
    pub locale: Option<String>,
    pub repeat: NonZeroUsize,
}

/// A case by itself, or the one of a list that is meant.
fn one_case(text: &str, only: Option<&str>) -> Result<Case> {
    let value: Value = serde_json::from_str(text)?;
    let Value::Array(cases) = value else { return Ok(serde_json::from_value(value)?) };
    let cases: Vec<Case> = cases.into_iter().map(serde_json::from_value).collect::<Result<_, _>>()?;
    let meant = |case: &&Case| only.is_none_or(|only| case.name.contains(only));
    match &cases.iter().filter(meant).collect::<Vec<_>>()[..] {
        [case] => Ok((*case).clone()),
        [] => bail!("none of its {} cases has this in its name", cases.len()),
        several => {
            let names: Vec<&str> = several.iter().map(|case| case.name.as_str()).collect();
            bail!("it holds several; choose one by its name with --only: {}", names.join(", "))
        }
    }
}

pub async fn run(config: &Config, source: &Source, wanted: RunArguments, json: bool) -> Result<()> {
    let mut case = match &wanted.case {
        Some(file) => {
            let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
            one_case(&text, wanted.only.as_deref()).with_context(|| format!("{} is no case", file.display()))?
        }
        None => Case::of(serde_json::from_str(&wanted.input).context("--input is not JSON")?),
    };
    if let Some(locale) = wanted.locale {
        case.locale = locale;
    }
    let ran = Box::pin(author::run(config, &source.options(json), RunOptions { case, repeat: wanted.repeat })).await?;
    if json || !ran.text.is_empty() {
        print(json, &ran.value, &ran.text)?;
    }
    shown(ran.failed)
}

/// Builds after every change, then pushes where that was asked for, and tests where not.
pub async fn watch(config: Config, source: &Source, to: &Target, json: bool) -> Result<()> {
    to.check().await?;
    author::watch(&source.path, async || {
        let done = match &to.to {
            Some(_) => Box::pin(push_numbered(&config, source, to, json)).await,
            None => Box::pin(test(&config, source, None, json)).await,
        };
        if let Err(error) = done {
            tell(&error, json);
        }
    })
    .await
}

/// Pushes a component, or what the folder of a skill is built to.
pub async fn push_built(config: &Config, source: &Source, to: &Target, json: bool) -> Result<()> {
    to.check().await?;
    let component =
        if source.path.is_dir() { author::build(&source.options(json))?.component } else { read(&source.path)? };
    push_component(config, component, to, json).await
}

/// Pushes what is built under a number that grows with the time, since each number is one component.
async fn push_numbered(config: &Config, source: &Source, to: &Target, json: bool) -> Result<()> {
    let component = author::build(&source.options(json))?.component;
    let component = author::numbered(&component, Clock::System.now().timestamp())?;
    push_component(config, component, to, json).await
}

async fn push_component(config: &Config, component: Vec<u8>, to: &Target, json: bool) -> Result<()> {
    let size = component.len().div_ceil(1024);
    let place = match &to.to {
        Some(address) => address.clone(),
        None => format!("the data folder {}", std::path::absolute(&config.data_dir)?.display()),
    };
    Steps(!json).tell(format_args!("pushing {size} KiB to {place}: checked, compiled and tried there"));
    let done = Box::pin(push(to.host(config.clone()).await?, component)).await?;
    let [name, version, status] = ["name", "version", "status"].map(|key| text_of(&done[key]));
    let note = match done["from_core_module"].as_bool() {
        Some(true) => "\nit came as a core module; the host made it into a component",
        _ => "",
    };
    let digest = short_digest(text_of(&done["digest"]));
    let shared: String = done["shared_triggers"].as_array().into_iter().flatten().map(shared_trigger).collect();
    let missing: Vec<&str> = done["missing"].as_array().into_iter().flatten().map(|one| text_of(&one[0])).collect();
    let again = to.again();
    let waits = match status {
        "review" => format!(
            "\nit waits for your yes{}, on the page /skills/{name} or with\n  skillet skill activate {name} {digest} --grant{again}",
            if missing.is_empty() { String::new() } else { format!(" to {}", missing.join(", ")) }
        ),
        _ => String::new(),
    };
    print(json, &done, &format!("{name} {version} ({digest}): {status}{note}{shared}{waits}"))
}

/// A line about a trigger that another skill has too.
fn shared_trigger(shared: &Value) -> String {
    let [trigger, skill] = ["trigger", "skill"].map(|key| text_of(&shared[key]));
    format!("\nthe trigger `{trigger}` is also of the skill `{skill}`: of the two, the first by name answers")
}
