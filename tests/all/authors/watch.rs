//! A skill that is pushed to a running host, and again at every change.

use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdout},
};

use super::*;

/// A running `skill watch`. It is killed when this is dropped.
struct Watching {
    _child: Child,
    out: Lines<BufReader<ChildStdout>>,
    err: Lines<BufReader<ChildStderr>>,
}

impl Watching {
    fn start(author: &Author, more: &[&str]) -> Self {
        let target = shared_target();
        let mut command = author.command(&[&on_greeter("watch", &target)[..], more].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap()).lines();
        let err = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { _child: child, out, err }
    }

    /// Waits for a line on stdout with all of these.
    async fn prints(&mut self, parts: &[&str]) -> String {
        timeout(PATIENCE, async {
            while let Some(line) = self.out.next_line().await.unwrap() {
                if parts.iter().all(|part| line.contains(part)) {
                    return line;
                }
            }
            panic!("it ended before it printed {parts:?}")
        })
        .await
        .unwrap_or_else(|_| panic!("it does not print {parts:?}"))
    }

    /// Waits until it waits for a change.
    async fn rests(&mut self) {
        timeout(PATIENCE, async {
            while let Some(line) = self.err.next_line().await.unwrap() {
                if line.starts_with("waiting for a change") {
                    return;
                }
            }
            panic!("it ended")
        })
        .await
        .expect("it never rests");
    }
}

/// Numbers of the versions that the host has, the newest first.
async fn numbers(host: &Host) -> Vec<String> {
    let list = host.get("/api/v1/skills/greeter/versions").await.ok();
    let versions = list["versions"].as_array().unwrap().iter();
    versions.map(|version| version["version"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_changes_is_pushed_to_the_host_under_a_higher_number() {
    let author = Author::with_skill().await;
    let mut host = Host::start(Options::default()).await;
    let token = host.token("skills").await;
    let to = ["--to", host.url(), "--token", &token];
    let mut watching = Watching::start(&author, &to);
    watching.prints(&["greeter 0.1.", ": review"]).await;
    watching.rests().await;
    author.run(&[&["skill", "activate", "greeter", &numbers(&host).await[0], "--grant"][..], &to].concat()).await.ok();

    // A change that does not build stops nothing; the next one is pushed and answers, since it asks for no more.
    author.edit("greeter/skill.c", "#include", "#inclde");
    watching.rests().await;
    assert_eq!(numbers(&host).await.len(), 1);
    author.edit("greeter/skill.c", "#inclde", "#include");
    watching.rests().await;
    author.edit("greeter/skill.toml", "by name", "by their name");
    watching.prints(&["greeter 0.1.", ": active"]).await;
    watching.rests().await;
    let pushed = numbers(&host).await;
    let patch = |at: usize| pushed[at].rsplit('.').next().unwrap().parse::<u64>().unwrap();
    assert!(pushed.len() > 1 && patch(0) > patch(1), "{pushed:?}");
    let skill = host.get("/api/v1/skills/greeter").await.ok();
    assert_eq!(skill["version"], pushed[0].as_str(), "{skill:#}");
    assert!(skill["description"].as_str().unwrap().contains("by their name"), "{skill:#}");

    // The release is pushed by itself, under a higher number; whoever still watched would push it too.
    drop(watching);
    author.on_skill("push", &to).await.says(&["is lower than"]);
    author.edit("greeter/skill.toml", "0.1.0", "0.2.0");
    let released = author.on_skill("push", &[&to[..], &["--json"]].concat()).await.json();
    assert_eq!((&released["version"], &released["status"]), (&json!("0.2.0"), &json!("active")), "{released:#}");
}

#[tokio::test]
async fn without_a_host_every_change_is_tested() {
    let author = Author::with_skill().await;
    let mut watching = Watching::start(&author, &[]);
    watching.prints(&["6 cases pass"]).await;
    watching.rests().await;
    author.edit("greeter/tests/greets.json", "This is time 1.", "This is time 9.");
    watching.prints(&["FAIL  greets"]).await;
    watching.rests().await;
    author.edit("greeter/tests/greets.json", "This is time 9.", "This is time 1.");
    watching.prints(&["6 cases pass"]).await;
}
