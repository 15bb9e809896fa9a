//! Limits as people read them.

use super::super::{
    super::api::{limits::LimitView, sandbox::Load},
    Page,
};
use crate::skills::Probed;

/// Limits whose use is that of this moment.
const AT_ONCE: [&str; 3] = ["concurrency", "max_calls", "max_queue"];

/// A row of the table.
pub struct Line {
    pub name: String,
    /// What it stops.
    pub attack: String,
    pub allowed: String,
    pub used: Option<String>,
    /// What was used of what is allowed, from 0 to 1.
    pub share: String,
    /// How long it took to bite when it was tried at start.
    pub tried: Option<String>,
}

pub fn lines(page: &Page, limits: &[LimitView], probed: &[Probed]) -> Vec<Line> {
    let lines = limits.iter().map(|limit| {
        let tried = probed.iter().find(|probed| probed.limit == limit.name);
        let used = limit.used.map(|used| amount(page, limit.unit, used));
        Line {
            name: page.word("limit", limit.name),
            attack: page.word("limit_attack", limit.name),
            allowed: amount(page, limit.unit, limit.limit),
            used: if AT_ONCE.contains(&limit.name) { used.map(|used| page.with("skill.at_once", used)) } else { used },
            share: share(limit),
            tried: tried.map(|probed| page.with("skill.limit_tried", page.micros(probed.took_us))),
        }
    });
    lines.collect()
}

/// An amount of a limit with its unit.
pub fn amount(page: &Page, unit: &str, value: u64) -> String {
    match unit {
        "bytes" => page.bytes(value),
        "ms" => page.micros(i128::from(value) * 1_000),
        _ => page.number(value),
    }
}

#[expect(clippy::cast_precision_loss, reason = "the length of a bar")]
fn share(limit: &LimitView) -> String {
    let share = limit.used.unwrap_or(0) as f64 / limit.limit.max(1) as f64;
    format!("{:.3}", share.min(1.0))
}

/// How busy the whole host is.
pub fn busy(page: &Page, load: &Load) -> String {
    page.t("skill.load")
        .replace("%{running}", &load.running.to_string())
        .replace("%{places}", &load.max_running.to_string())
        .replace("%{waiting}", &load.waiting.to_string())
        .replace("%{queue}", &load.max_waiting.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::super::super::locale::Locale;
    use crate::skills::{BOUNDS, HOST_BOUNDS, LENT};

    #[test]
    fn every_limit_and_import_has_its_words() {
        let bounds = BOUNDS.iter().map(|bound| bound.name).chain(HOST_BOUNDS.iter().map(|bound| bound.name));
        let bounds = bounds.flat_map(|name| [format!("limit.{name}"), format!("limit_attack.{name}")]);
        let imports = LENT.iter().map(|(name, _)| format!("import.{}", name.rsplit('/').next().unwrap_or_default()));
        for key in bounds.chain(imports) {
            for locale in [Locale::En, Locale::Zh] {
                assert_ne!(locale.text(&key), key);
            }
        }
    }
}
