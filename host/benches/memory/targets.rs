//! What memory is to reach, and whether it has: the figures that a study of these sets reached with scripts, without
//! an embedder and with one, and the times that make recall a part of every prompt.

use crate::report::Report;

const ENGINES: [&str; 2] = ["SQLite", "Postgres"];

/// Most that the two databases may differ in any share.
const APART: f64 = 0.005;

/// A measure, and the least that it is to be.
type Share = (&'static str, f64);

/// Shares of a set that a layer is to find at least.
const SHARES: &[(&str, &str, &[Share])] = &[
    (
        "locomo",
        "+ structure",
        &[
            ("R@10", 0.76),
            ("MRR", 0.55),
            ("R@0500 tokens", 0.755),
            ("R@1000 tokens", 0.815),
            ("R@2000 tokens", 0.88),
            ("session any@5", 0.935),
        ],
    ),
    ("memorybank-cn", "+ structure", &[("R@05", 0.92), ("R@10", 0.97), ("R@2000 tokens", 1.0)]),
    ("memdaily", "+ structure", &[("R@10", 0.695), ("R@2000 tokens", 0.96)]),
    ("madial-zh", "+ structure", &[("R@10", 0.63)]),
    ("madial-en", "+ structure", &[("R@10", 0.63)]),
    (
        "locomo",
        "+ vectors",
        &[
            ("R@10", 0.77),
            ("MRR", 0.57),
            ("R@0500 tokens", 0.77),
            ("R@1000 tokens", 0.84),
            ("R@2000 tokens", 0.895),
            ("session any@5", 0.945),
        ],
    ),
    ("memorybank-cn", "+ vectors", &[("R@05", 0.92), ("R@10", 0.97)]),
    ("memdaily", "+ vectors", &[("R@10", 0.73), ("R@2000 tokens", 0.975)]),
    ("madial-zh", "+ vectors", &[("R@10", 0.7)]),
    ("madial-en", "+ vectors", &[("R@10", 0.75)]),
    ("madial zh asked in en", "+ vectors", &[("R@10", 0.57)]),
    ("madial en asked in zh", "+ vectors", &[("R@10", 0.57)]),
];

/// Milliseconds that something may take at most.
const TIMES: &[(&str, f64)] = &[
    ("3379 messages of one person: a query, processor at p95", 5.0),
    ("50320 messages of one person: a query, wall at p95", 50.0),
    ("3379 messages of one person: a query with vectors, processor at p95", 8.0),
    ("50320 messages of one person: a query with vectors, wall at p95", 70.0),
    ("3379 messages of one person: indexing a message", 0.2),
    ("50320 messages of one person: indexing a message", 0.2),
];

/// Prints a verdict for everything that was measured.
pub fn judge(report: &Report) {
    println!();
    for engine in ENGINES {
        for (set, layer, wanted) in SHARES {
            for (measure, least) in *wanted {
                let name = format!("{set} {engine}: {layer}, {measure}");
                verdict(report, &name, &format!("at least {least}"), |value| value >= *least);
            }
        }
        for (what, most) in TIMES {
            verdict(report, &format!("{engine}, {what}"), &format!("at most {most} ms"), |value| value <= *most);
        }
    }
    let crowd = "Postgres, a million rows of many people: a query, wall at p95";
    if let Some(one) = report.value_of("Postgres, 50320 messages of one person: a query, wall at p95") {
        verdict(report, crowd, "no slower than 50,320 of one person", |value| value <= one);
    }
    let [here, there] = ENGINES.map(|engine| format!(" {engine}: "));
    let pairs = report.shares().filter(|(name, _)| name.contains(&here));
    let apart = pairs.filter_map(|(name, value)| Some((report.value_of(&name.replace(&here, &there))? - value).abs()));
    if let Some(most) = apart.reduce(f64::max) {
        tell("SQLite and Postgres, farthest apart", &format!("at most {APART}"), most, most <= APART);
    }
}

fn verdict(report: &Report, name: &str, wanted: &str, met: impl Fn(f64) -> bool) {
    if let Some(value) = report.value_of(name) {
        tell(name, wanted, value, met(value));
    }
}

fn tell(name: &str, wanted: &str, value: f64, met: bool) {
    let verdict = if met { "ok" } else { "missed" };
    println!("target  {:<84} measured {value:>8.3}  {verdict}", format!("{name}: {wanted}"));
}
