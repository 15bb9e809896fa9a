//! What each construct of Markdown becomes.

use super::{EntityKind, MAX_UNITS, Piece, plain, render, rich::units};

/// A message with its entities drawn as tags.
fn drawn(piece: &Piece) -> String {
    let text: Vec<u16> = piece.text.encode_utf16().collect();
    let mut drawn = String::new();
    for at in 0..=text.len() {
        for entity in piece.entities.iter().rev().filter(|entity| entity.offset + entity.length == at) {
            drawn.extend(["</", tag(&entity.kind).0, ">"]);
        }
        for entity in piece.entities.iter().filter(|entity| entity.offset == at) {
            let (name, value) = tag(&entity.kind);
            drawn.extend(["<", name, &value, ">"]);
        }
        if let Some(&unit) = text.get(at) {
            let pair = text.get(at + 1).filter(|_| (0xD800..0xDC00).contains(&unit));
            let units = [unit].into_iter().chain(pair.copied());
            drawn.extend(char::decode_utf16(units).filter_map(Result::ok).take(1));
        }
    }
    drawn
}

fn tag(kind: &EntityKind) -> (&'static str, String) {
    match kind {
        EntityKind::Bold => ("b", String::new()),
        EntityKind::Italic => ("i", String::new()),
        EntityKind::Strikethrough => ("s", String::new()),
        EntityKind::Code => ("code", String::new()),
        EntityKind::Pre(language) => {
            ("pre", language.as_ref().map_or_else(String::new, |language| format!(" {language}")))
        }
        EntityKind::Link(url) => ("a", format!(" {url}")),
        EntityKind::Quote => ("q", String::new()),
    }
}

fn check(markdown: &str, expected: &str) {
    let drawn: Vec<String> = render(markdown).iter().map(drawn).collect();
    assert_eq!(drawn.join("\n=====\n"), expected, "{markdown:?}");
}

#[test]
fn lines() {
    check("**粗** *斜* ~~删~~ `代码`", "<b>粗</b> <i>斜</i> <s>删</s> <code>代码</code>");
    check("**a *b* c**", "<b>a <i>b</i> c</b>");
    check("***x***", "<b><i>x</i></b>");
    check("**run `cargo test` now**", "<b>run</b> <code>cargo test</code> <b>now</b>");
    check("one\ntwo  \nthree\\\nfour", "one\ntwo\nthree\nfour");
    check("a <b>c</b>\n\n<div>\nx\n</div>", "a <b>c</b>\n\n<div>\nx\n</div>");
    check("看😀**好**", "看😀<b>好</b>");
    check("a\u{0}b\u{7}c&#1;", "abc");
    check("a[^1]\n\n[^1]: note", "a[1]\n\n[1] note");
    check("**注意：**请先**“备份”**再做", "<b>注意：</b>请先<b>“备份”</b>再做");
    check("2*3*4=24，这是*重点*，5~10~元", "2*3*4=24，这是<i>重点</i>，5~10~元");
    check("用Rust*重写*它", "用Rust<i>重写</i>它");
    check("[注意]: 请先备份。", "[注意]: 请先备份。");
}

#[test]
fn links() {
    check("[t](https://x.org/a_b)", "<a https://x.org/a_b>t</a>");
    check("[**t** `c`](https://x.org)", "<a https://x.org><b>t</b> c</a>");
    check("**[t](https://x.org)**", "<a https://x.org><b>t</b></a>");
    check("[文档](/docs/a.md)。", "文档 (/docs/a.md)。");
    check("[x](javascript:alert)", "x (javascript:alert)");
    check("[x]() [](https://x.org)", "x <a https://x.org>https://x.org</a>");
    check("<https://x.org> <a@b.c>", "<a https://x.org>https://x.org</a> <a mailto:a@b.c>a@b.c</a>");
    check("![图](https://x.org/p.png)", "<a https://x.org/p.png>图</a>");
    check("[![图](p.png)](https://x.org)", "<a https://x.org>图 (p.png)</a>");
    check("见 [1]。\n\n[1]: https://x.org", "见 <a https://x.org>1</a>。");
}

#[test]
fn blocks() {
    check("# 标题 `x`\n正文\n## 二\n\n正文", "<b>标题</b> <code>x</code>\n正文\n\n<b>二</b>\n\n正文");
    check("# 一\n## **二**", "<b>一</b>\n<b>二</b>");
    check("a\n\n---\n\nb", "a\n\n———\n\nb");
    check("前：\n```rust\nfn a() {\n    b();\n}\n```\n后", "前：\n<pre rust>fn a() {\n    b();\n}</pre>\n后");
    check("```rust,ignore\na\n```", "<pre rust>a</pre>");
    check("```见下文。\na\n```", "<pre>见下文。\na</pre>");
    check("    indented", "<pre>indented</pre>");
    check("x\n```\n  two\none\n```", "x\n<pre>  two\none</pre>");
    check("```\n```", "```\n```");
    check("> 引\n> **用**\n\n后", "<q>引\n<b>用</b></q>\n\n后");
    check("> a\n> > b `c`\n", "<q>a\nb c</q>");
    check("> a\n> ```\n> b\n> ```\n> c", "<q>a</q>\n<pre>b</pre>\n<q>c</q>");
}

#[test]
fn lists() {
    check("- a\n- b\n  - c\n    d\n- e", "• a\n• b\n    • c\n        d\n• e");
    check("3. a\n4. b\n   - c", "3. a\n4. b\n    • c");
    check("- [x] 做完\n- [ ] 没做", "☑ 做完\n☐ 没做");
    check("1. [ ] a", "1. ☐ a");
    check("- a\n\n- b\n\n  c", "• a\n\n• b\n\n    c");
    check("1. 运行\n   ```sh\n   ls\n   ```\n2. 看", "1. 运行\n<pre sh>ls</pre>\n2. 看");
    check("- ```\n  x\n  ```", "•\n<pre>x</pre>");
    check("- > q\n- b", "•\n<q>q</q>\n• b");
    check("- - a\n-", "• • a\n•");
    check("以下：\n- a\n\n后", "以下：\n• a\n\n后");
}

#[test]
fn tables() {
    check(
        "前\n\n| 名称 | 价 |\n|---|--:|\n| `茶` | 8 |\n| **coffee** | 12 |\n\n后",
        "前\n\n<pre>名称   | 价\n-------+---\n茶     |  8\ncoffee | 12</pre>\n\n后",
    );
    check("| | a |\n|---|---|\n| | b |", "<pre>- | a\n--+--\n- | b</pre>");
    check(
        "| 项目 | 说明 | 备注 |\n|---|---|---|\n| 甲 | 一段比较长的说明文字，一行放不下 | `x` |\n| [乙](https://x.org) | | 无 |",
        "项目 · 说明 · 备注\n\n<b>甲</b>\n说明: 一段比较长的说明文字，一行放不下\n备注: <code>x</code>\n\n\
         <a https://x.org><b>乙</b></a>\n备注: 无",
    );
    check("| a | b |\n|---|---|\n| 1 | 2 | 3 |", "<pre>a | b\n--+------\n1 | 2 | 3</pre>");
    check("> | a |\n> |---|\n> | 1 |", "<pre>a\n-\n1</pre>");
}

#[test]
fn nothing_is_never_sent() {
    check("", "…");
    check(" \n\u{200b}\n", "…");
    check("**", "**");
    check("```\n\n```", "```\n\n```");
    assert_eq!(plain(" **a**\r\n\0 ")[0].text, "**a**");
}

#[test]
fn many_entities_lose_the_least() {
    let pieces = render(&"*a* **b** `c` ".repeat(100));
    assert_eq!(pieces.len(), 1);
    assert!(pieces[0].entities.iter().all(|entity| entity.kind == EntityKind::Code));
    assert_eq!(pieces[0].entities.len(), 100);
    let pieces = render(&"[a](https://x.org) ".repeat(250));
    assert_eq!(pieces.iter().map(|piece| piece.entities.len()).sum::<usize>(), 250);
}

#[test]
fn a_report_is_cut_between_its_parts() {
    let paragraph = "本季度营收同比增长，主要来自海外市场；成本略有上升。建议继续观察，并在下月复核各项数据！";
    let mut report = String::from("# 季度报告\n\n| 项目 | 数额 |\n|---|--:|\n| 营收 | 120 |\n\n");
    for part in 1..=9 {
        let (text, code) = (paragraph.repeat(16), "def f():\n    return 1\n".repeat(14));
        let list = "- **要点：**甲\n  - 细节\n    - 更细\n- 乙";
        let part = format!("## 第{part}部分\n\n{text}\n\n{list}\n\n> {paragraph}\n\n```python\n{code}```\n\n");
        report.push_str(&part);
    }
    assert!(report.chars().count() > 9_000);
    let pieces = render(&report);
    assert_eq!(pieces.len(), 3);
    for piece in &pieces {
        assert!(units(&piece.text) <= MAX_UNITS && units(&piece.text) > 1000);
        let last = piece.text.lines().last().unwrap_or_default();
        assert!(last.ends_with(['！', '乙']) || last == "    return 1", "{last}");
    }
    assert!(pieces[0].text.contains("营收 |  120\n\n第1部分\n\n本季度"));
    assert!(pieces[0].text.contains("• 要点：甲\n    • 细节\n        • 更细\n• 乙\n\n本季度"));
}

#[test]
fn what_is_cut_is_closed_and_opened_again() {
    let pieces = render(&format!("```rust\n{}```", "let a = 1;\n".repeat(800)));
    assert_eq!(pieces.len(), 3);
    for piece in &pieces {
        assert_eq!(piece.entities.len(), 1);
        assert_eq!(piece.entities[0].kind, EntityKind::Pre(Some("rust".into())));
        assert_eq!((piece.entities[0].offset, piece.entities[0].length), (0, units(&piece.text)));
        assert!(piece.text.starts_with("let a") && piece.text.ends_with("1;"));
    }
    let pieces = render(&format!("**{}**", "一句话。".repeat(1200)));
    assert!(pieces.iter().all(|piece| piece.entities[0].length == units(&piece.text) && piece.text.ends_with('。')));
    let pieces = render(&format!("| a | b |\n|---|---|\n{}", "| 1 | 22222222 |\n".repeat(700)));
    assert!(pieces.iter().all(|piece| piece.text.ends_with("22222222") && piece.entities.len() == 1));
    let family = "👨‍👩‍👧‍👦🇨🇳";
    for piece in render(&family.repeat(900)) {
        assert!(piece.text.ends_with("👦") || piece.text.ends_with("🇨🇳"));
        assert!(piece.text.starts_with("👨") || piece.text.starts_with("🇨🇳"));
    }
}
