//! What authors and owners say to a host: versions by name, what waits, triggers that are there twice, tokens.

use super::*;

/// A host, its address and a token.
pub async fn host() -> (Host, String, String) {
    let mut host = Host::start(Options::default()).await;
    let token = host.token("admin").await;
    let url = host.url().to_owned();
    (host, url, token)
}

fn keeper(version: &str) -> Vec<u8> {
    guests::echo(&Manifest::new("keeper").version(version).capability("kv", &json!(true)))
}

#[tokio::test]
async fn a_version_is_named_by_its_number_or_a_short_digest() {
    let (author, (host, url, token)) = (Author::new(), host().await);
    let data = host.data_dir().display().to_string();
    let mut digests = Vec::new();
    for version in ["0.1.0", "0.2.0", "0.3.0"] {
        fs::write(author.file("keeper.wasm"), keeper(version)).unwrap();
        let pushed = author.run(&["skill", "push", "keeper.wasm", "--data-dir", &data, "--json"]).await.json();
        digests.push(pushed["digest"].as_str().unwrap().to_owned());
    }
    let short: Vec<&str> = digests.iter().map(|digest| &digest[..12]).collect();
    // In the data folder and on the running host alike.
    for place in [&["--data-dir", &data][..], &["--to", &url, "--token", &token]] {
        let on_host = async |args: &[&str]| author.run(&[&["skill"], args, place].concat()).await;
        let activate = async |version: &str| on_host(&["activate", "keeper", version, "--grant"]).await;
        let says = |at: usize| format!("keeper answers with 0.{}.0 ({})\n", at + 1, short[at]);
        assert_eq!(activate("0.1.0").await.ok().out, says(0));
        assert_eq!(activate(&digests[1][..8].to_uppercase()).await.ok().out, says(1));
        assert_eq!(activate(&digests[2]).await.ok().out, says(2));
        let whole = on_host(&["activate", "keeper", "0.3.0", "--json"]).await.json();
        assert_eq!(whole, json!({ "name": "keeper", "version": "0.3.0", "digest": digests[2] }));
        for unknown in ["0.9.0", &digests[0][..7], "ffffffffffff"] {
            let listed = format!("0.1.0 ({})", short[0]);
            activate(unknown).await.says(&["has no version", unknown, &listed, short[1], short[2]]);
        }
        assert_eq!(on_host(&["rollback", "keeper"]).await.ok().out, says(1));
        on_host(&["rollback", "keeper"]).await.says(&["no earlier version"]);
        assert_eq!(on_host(&["rollback", "keeper", "0.1.0"]).await.ok().out, says(0), "an earlier one, by name");
        on_host(&["rollback", "keeper", "0.1.0"]).await.says(&["0.1.0", "answers now"]);
    }
}

#[tokio::test]
async fn a_push_shows_a_short_digest_and_what_waits_is_in_review() {
    let (author, (host, url, token)) = (Author::new(), host().await);
    let data = host.data_dir().display().to_string();
    let remote = ["--to", &url, "--token", &token];
    fs::write(author.file("keeper.wasm"), keeper("0.1.0")).unwrap();
    let pushed = author.run(&[&["skill", "push", "keeper.wasm"][..], &remote].concat()).await.ok();
    let digest = host.get("/api/v1/skills/keeper/versions").await.ok()["versions"][0]["digest"].clone();
    let short = &digest.as_str().unwrap()[..12];
    for part in [&format!("keeper 0.1.0 ({short}): review"), &format!("skillet skill activate keeper {short} --grant")]
    {
        assert!(pushed.out.contains(part) && !pushed.out.contains(digest.as_str().unwrap()), "{}", pushed.out);
    }
    assert!(pushed.err.contains(&format!("to {url}")), "it says what it waits for: {}", pushed.err);
    for place in [&["--data-dir", &data][..], &remote] {
        let list = async || author.run(&[&["skill", "list"], place].concat()).await.ok().out;
        assert_eq!(list().await, "keeper  0.1.0  in review\n");
    }
    host.delete("/api/v1/skills/keeper").await.ok();
    assert_eq!(author.run(&["skill", "list", "--data-dir", &data]).await.ok().out.trim(), "");
}

#[tokio::test]
async fn a_trigger_that_another_skill_has_is_told() {
    let (author, (host, url, token)) = (Author::new(), host().await);
    let skill = |name: &str, words: &[&str]| {
        let fields = json!({ "type": "object", "properties": { "who": { "type": "string" } } });
        guests::constant("{}", &Manifest::new(name).input(&fields).words(words, "who"))
    };
    let first = host.upload(skill("first", &["greet", "salute"])).await.ok();
    assert_eq!(first["shared_triggers"], json!([]));
    fs::write(author.file("second.wasm"), skill("second", &["wave", "Greet"])).unwrap();
    let push = ["skill", "push", "second.wasm", "--to", &url, "--token", &token];
    let told = author.run(&push).await.ok().out;
    assert!(told.contains("the trigger `Greet` is also of the skill `first`") && !told.contains("wave"), "{told}");
    let json = author.run(&[&push[..], &["--json"]].concat()).await.json();
    assert_eq!(json["shared_triggers"], json!([{ "trigger": "Greet", "skill": "first" }]));

    let mut owner = Browser::owner(&host).await;
    let review = format!("/skills/second/versions/{}", json["digest"].as_str().unwrap());
    for (language, words) in [("en", "The skill first has this trigger too"), ("zh", "技能 first 也有这个触发规则")]
    {
        owner.language = language;
        for page in [review.as_str(), "/skills/second"] {
            let page = owner.page(page).await;
            assert!(page.contains(words) && page.contains("<code>Greet</code>"), "{page}");
        }
    }
    host.post("/api/v1/skills/first/disable", &json!({})).await.ok();
    assert!(!owner.page(&review).await.contains("<code>Greet</code>"), "what cannot be called is in nobody's way");
}

#[tokio::test]
async fn two_new_skills_do_not_answer_to_the_same_words() {
    let (author, (host, url, token)) = (Author::new(), host().await);
    for name in ["good_morning", "good_night"] {
        author.run(&["skill", "new", name, "--lang", "c"]).await.ok();
        let pushed = author.run(&["skill", "push", name, "--to", &url, "--token", &token, "--json"]).await.json();
        assert_eq!(pushed["shared_triggers"], json!([]), "{pushed:#}");
        author.run(&["skill", "activate", name, "0.1.0", "--grant", "--to", &url, "--token", &token]).await.ok();
    }
    for (message, skill) in [("good morning Ann", "good_morning"), ("good night Ann", "good_night")] {
        let turn = host.chat("ada", message, None).await;
        assert_eq!(
            (&turn["reply"], &turn["skills"][0]["name"]),
            (&json!("Hello, Ann! This is time 1."), &json!(skill))
        );
    }
}

#[tokio::test]
async fn a_token_is_made_only_where_a_host_has_its_data() {
    let author = Author::new();
    let create = ["token", "create", "--name", "author", "--data-dir", "data"];
    let folder = author.file("data").display().to_string();
    author.run(&create).await.says(&["no host's data", &folder, "--data-dir", "skillet migrate"]);
    assert!(!author.file("data").exists(), "nothing was made");
    author.run(&["migrate", "--data-dir", "data"]).await.ok();
    let made = author.run(&create).await.ok();
    assert!(made.out.starts_with("skt_") && made.out.lines().count() == 1, "{}", made.out);
    assert!(made.err.contains(&folder) && made.err.contains("no owner yet"), "{}", made.err);

    let mut host = Host::start(Options::default()).await;
    host.token("chat").await;
    Browser::owner(&host).await;
    let made = host.command(&["token", "create", "--name", "author"]).await;
    assert_eq!(String::from_utf8_lossy(&made.stderr), "", "there is nothing to say where the host has its owner");
}
