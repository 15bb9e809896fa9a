//! What authors write at first, and what they are told instead of a tool's own words alone.

use super::Author;

#[tokio::test]
async fn javascript_that_misses_the_sdk_is_told_how() {
    let author = Author::new();
    author.run(&["skill", "new", "greeter", "--lang", "js"]).await.ok();
    for (source, hint) in [
        ("export function run(input) { return { text: input.name }; }", "export default function run(input, call)"),
        ("import kv from 'skillet/kv'; export default () => kv.get('a');", "import { http, kv } from 'skillet'"),
        ("import { kvv } from 'skillet'; export default () => kvv.get('a');", ".skillet/index.d.ts"),
        ("import fs from 'node:fs'; export default () => fs.readFileSync('a');", "Node's own modules"),
        ("import pad from 'left-pad'; export default () => pad('a');", "npm install"),
        ("import { kv } from 'skillet'; const a = kv.get('a'); export default () => a;", "within run"),
    ] {
        author.write("greeter/skill.js", source);
        author.on_skill("build", &[]).await.says(&["hint: ", hint]);
    }
}

#[tokio::test]
async fn javascript_that_fails_while_it_loads_is_told_where() {
    let author = Author::new();
    author.run(&["skill", "new", "greeter", "--lang", "js"]).await.ok();
    author
        .write("greeter/skill.js", "const a = null;\n\nfunction f() {\n  a.b();\n}\n\nf();\nexport default () => a;\n");
    let built =
        author.on_skill("build", &[]).await.says(&["skill.js:4:", "skill.js:7:", "hint: ", "outside of functions"]);
    assert!(!built.err.contains("wasm"), "{}", built.err);
    author.write("greeter/skill.js", "export default function run(input {}\n");
    author.on_skill("build", &[]).await.says(&["skill.js:1:"]);
}
