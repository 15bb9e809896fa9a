//! What authors write at first, and what they are told instead of a tool's own words alone.

use super::Author;

#[tokio::test]
async fn javascript_that_misses_the_sdk_is_told_how() {
    let author = Author::new();
    author.run(&["skill", "new", "greeter", "--lang", "js"]).await.ok();
    for (source, hint) in [
        ("export function run(input) { return { text: input.name }; }", "export default function run(input, call)"),
        ("import kv from 'skillet/kv'; export default () => kv.get('a');", "import { http, kv } from 'skillet'"),
    ] {
        author.write("greeter/skill.js", source);
        author.on_skill("build", &[]).await.says(&["hint: ", hint]);
    }
}
