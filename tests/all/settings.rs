//! Settings in layers: what does not fit stops the start and names its key.

use crate::harness::host::{Host, Options, program};
use std::process::{Command, Output};
use tempfile::TempDir;

fn serve(env: &[(&str, &str)], file: &str) -> (Output, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("skillet.toml"), file).unwrap();
    let output = Command::new(program())
        .arg("serve")
        .env_clear()
        .envs(env.iter().copied())
        .current_dir(folder.path())
        .output()
        .unwrap();
    (output, folder)
}

#[test]
fn what_does_not_fit_is_named() {
    let listen = ("SKILLET__HTTP__LISTEN", "127.0.0.1:0");
    for (env, file, part) in [
        (vec![listen, ("SKILLET__HTTP__PORT", "80")], "", "port"),
        (vec![listen, ("SKILLET__NONSENSE", "1")], "", "nonsense"),
        (vec![("SKILLET__HTTP__LISTEN", "everywhere")], "", "http.listen"),
        (vec![listen, ("SKILLET__AGENT__TIME_ZONE", "Mars/Base")], "", "agent.time_zone"),
        (vec![listen, ("SKILLET__GATEWAY__SMALL__BASE_URL", "ftp://x")], "", "gateway.small.base_url"),
        (vec![listen, ("SKILLET__GATEWAY__SMALL__BASE_URL", "http://x")], "", "gateway.small.model"),
        (vec![listen, ("SKILLET__GATEWAY__SMALL__FORMAT", "morse")], "", "gateway.small.format"),
        (vec![listen, ("SKILLET__GATEWAY__TOKEN_BUDGETS__FOLD", "499")], "", "gateway.token_budgets"),
        (vec![listen, ("SKILLET__GATEWAY__TOKEN_BUDGETS__ANSWER", "999")], "", "gateway.token_budgets"),
        (vec![listen, ("SKILLET__GATEWAY__EMBEDDING__FORMAT", "anthropic")], "", "gateway.embedding.format"),
        (vec![listen, ("SKILLET__GATEWAY__EMBEDDING__BASE_URL", "ftp://x")], "", "gateway.embedding.base_url"),
        (vec![listen, ("SKILLET__GATEWAY__EMBEDDING__TOKEN_BUDGET", "9")], "", "gateway.embedding.token_budget"),
        (
            vec![listen],
            "[[gateway.embedding.fallbacks]]\nbase_url = \"http://x\"\nmodel = \"m\"\n",
            "gateway.embedding.fallbacks",
        ),
        (
            vec![listen],
            "[[gateway.small.fallbacks]]\nbase_url = \"http://x\"\nmodel = \"m\"\ntoken_budget = 9\n",
            "gateway.small.fallbacks",
        ),
        (vec![listen], "[[gateway.large.fallbacks]]\nbase_url = \"x\"\nmodel = \"m\"\n", "gateway.large.fallbacks"),
        (vec![listen, ("SKILLET__SKILLS__MAX_FUEL", "0")], "", "skills.max_fuel"),
        (vec![listen, ("SKILLET__SKILLS__INSTALL", "[\"My Skill\"]")], "", "skills.install"),
        (vec![listen], "[skills]\ninstal = [\"calculator\"]\n", "instal"),
        (vec![listen, ("DATABASE_URL", "mysql://x")], "", "database.url"),
        (vec![listen, ("SKILLET__DATABASE__RETENTION_DAYS", "30")], "", "database.retention_days"),
        (vec![listen], "[skills]\nmax_fule = 3\n", "max_fule"),
        (vec![listen], "[log]\nlevel = \"lots,of=nonsense=x\"\n", "log.level"),
        (vec![listen, ("SKILLET__TELEMETRY__OTLP_ENDPOINT", "udp://x")], "", "telemetry.otlp_endpoint"),
        (vec![listen, ("SKILLET__TELEMETRY__OTLP_HEADERS", "Bearer x")], "", "telemetry.otlp_headers"),
        (vec![listen], "not toml at all", "skillet.toml"),
    ] {
        let (output, _folder) = serve(&env, file);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{part}: {text}");
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[tokio::test]
async fn a_file_is_replaced_by_the_environment() {
    let mut host = Host::start(
        Options { config: "[agent]\nname = \"Ada\"\nlocale = \"zh\"\n".into(), ..Options::default() }
            .env("SKILLET__AGENT__NAME", "Grace"),
    )
    .await;
    host.token("admin").await;
    let settings = host.get("/api/v1/settings").await.ok().to_string();
    assert!(settings.contains("Grace") && !settings.contains("Ada") && settings.contains("\"zh\""), "{settings}");
}

#[tokio::test]
async fn a_second_server_in_one_folder_is_refused() {
    let host = Host::start(Options::default()).await;
    let second = host.command(&["serve"]).await;
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("already"));
}

#[tokio::test]
async fn the_terminal_answers_beside_a_running_host() {
    let host = Host::start(Options { bundle: true, ..Options::default() }).await;
    let reply = host.command(&["chat", "--user", "ada", "what is 17.5% of 2340"]).await;
    assert!(String::from_utf8_lossy(&reply.stdout).contains("409.5"), "{reply:?}");
    let list = host.command(&["skill", "list", "--json"]).await;
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(list["skills"].as_array().unwrap().len(), 6, "{list:#}");
}
