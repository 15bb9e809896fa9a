//! Token by token what `tiktoken-rs` says.

use proptest::prelude::*;
use skillet_tokenizer::lengths;
use tiktoken_rs::o200k_base_singleton;

fn expected(text: &str) -> Vec<usize> {
    let encoding = o200k_base_singleton();
    let tokens = encoding.encode_ordinary(text).into_iter();
    tokens.map(|token| encoding.decode_bytes(&[token]).expect("it is one of its own").len()).collect()
}

fn assert_same(text: &str) {
    assert_eq!(lengths(text).collect::<Vec<_>>(), expected(text), "{text:?}");
}

#[test]
fn texts_of_every_kind_have_the_same_tokens() {
    for text in [
        "",
        " ",
        "a",
        "Hello world, it's 12345678 o'clock; WE'LL see (don't we?)\r\n\r\n  indented\n\n\n",
        "  leading, trailing  ",
        "tabs\tand\u{3000}wide\u{3000}\u{3000}spaces \u{a0} x",
        "人工智能助手会记住你说过的话，并且在需要的时候提醒你。明天上午９点開會。",
        "中英 mixed 文本 with emoji 👩‍👩‍👧‍👦 and 🇩🇪 flags\u{301}",
        "fn main() { let x = vec![1u8; 0x10]; /* ... */ }\n\t// https://example.org/a?b=c#d\n",
        "{\"role\":\"user\",\"content\":\"\\u4f60\\u597d\"}",
        "ǅ ǈ ʰ ª Straße ΣΊΣΥΦΟΣ İstanbul ſ's \u{212a}'LL",
        "supercalifragilisticexpialidocious pneumonoultramicroscopicsilicovolcanoconiosis",
        "==========----------//////////\r\n/\n/x",
        "<|endoftext|> is text here",
    ] {
        assert_same(text);
    }
}

#[test]
fn every_token_of_the_vocabulary_is_found() {
    let encoding = o200k_base_singleton();
    let tokens = (0..).map_while(|rank| encoding.decode_bytes(&[rank]).ok());
    // Those that the pattern would not cut first are one token again.
    let whole = tokens.filter_map(|bytes| String::from_utf8(bytes).ok()).filter(|text| expected(text).len() == 1);
    let mut known = 0;
    for text in whole {
        assert_eq!(lengths(&text).collect::<Vec<_>>(), [text.len()], "{text:?}");
        known += 1;
    }
    assert!(known > 190_000, "{known}");
}

#[test]
fn runs_without_an_end_are_counted_all_the_same() {
    for (text, least) in [(" ".repeat(1_100_000), 1_000), ("a".repeat(400_000), 10_000), ("上".repeat(50_000), 10_000)]
    {
        assert_eq!(lengths(&text).sum::<usize>(), text.len());
        assert!(lengths(&text).count() >= least);
    }
    assert_same(&"qxz".repeat(2_000));
    assert_same(&"好的".repeat(2_000));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_has_the_same_tokens(text in r"\PC*") {
        assert_same(&text);
    }

    #[test]
    fn so_have_spaces_words_digits_and_marks_in_any_order(
        text in r"(  | |\t|\r\n|\n|\u{3000}|'s|'T|'ll|a|Bc|DEF|ǅ|é|é|7|123|。|你好|的|/|!!|👍){0,40}"
    ) {
        assert_same(&text);
    }
}
