//! What is wrong is said at once: nobody waits for a compiler to hear of a word in the wrong place.

use serde_json::Value;

use super::Author;

#[tokio::test]
async fn a_case_that_is_none_is_told_before_a_compiler_runs() {
    let author = Author::with_skill().await;
    for (text, part) in
        [("{", "not JSON"), (r#"{"input": {}}"#, "so nothing is tested"), (r#"{"input": {}, "outptu": {}}"#, "outptu")]
    {
        author.write("greeter/tests/bad.json", text);
        let told = author.on_skill("test", &[]).await.says(&["bad.json", part]);
        assert!(!told.err.contains("building"), "{}", told.err);
    }
    std::fs::remove_file(author.file("greeter/tests/bad.json")).unwrap();
    let told = author.on_skill("test", &["--only", "no such case"]).await.says(&["no case has"]);
    assert!(!told.err.contains("building"), "{}", told.err);
}

#[tokio::test]
async fn a_host_that_takes_nothing_is_told_before_a_compiler_runs() {
    let author = Author::with_skill().await;
    let (_host, url, _) = super::host::host().await;
    for (to, token, part) in [
        (url.as_str(), "not-a-token", "401"),
        ("127.0.0.1:8787", "any", "is not an address, such as http://"),
        ("localhost:8787", "any", "is not an address, such as http://"),
    ] {
        for command in ["push", "watch"] {
            let told = author.on_skill(command, &["--to", to, "--token", token]).await.says(&[part]);
            assert!(!told.err.contains("building"), "{command}: {}", told.err);
        }
    }
}

#[tokio::test]
async fn arguments_that_are_none_are_told_in_json_too() {
    let author = Author::new();
    for arguments in
        [&["skill", "run", "--locale", "fr"][..], &["skill", "bild"], &["skill", "push", "--to", "http://x"]]
    {
        let ran = author.run(&[arguments, &["--json"]].concat()).await;
        let told: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        assert!(
            ran.code == Some(2) && told["error"].as_str().unwrap().contains(arguments[2.min(arguments.len() - 1)]),
            "{ran:?}"
        );
    }
    let help = author.run(&["skill", "push", "--help", "--json"]).await.ok();
    assert!(help.out.contains("Usage: ") && help.out.contains("such as http://127.0.0.1:8787"), "{help:?}");
}
