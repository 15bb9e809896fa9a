//! What is read of feeds, as people publish them.

use feed::{Item, read, short};

#[track_caller]
fn gives(body: &str, title: &str, items: &[[&str; 4]]) {
    let items = items.iter().map(|[id, title, link, date]| Item {
        id: short(id),
        title: (*title).into(),
        link: (*link).into(),
        date: (*date).into(),
    });
    assert_eq!(read(body.as_bytes()), Some((title.to_owned(), items.collect())));
}

#[test]
fn rss() {
    gives(
        r#"<?xml version="1.0" encoding="UTF-8"?>
        <rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>
          <title>Tea &amp; biscuits</title><link>https://tea.example/</link>
          <atom:link rel="self" href="https://tea.example/rss"/>
          <image><title>Logo</title><link>https://tea.example/logo</link></image>
          <item><title><![CDATA[Green <b>tea</b> &amp; 5 < 6]]></title><link>https://tea.example/1</link>
            <guid isPermaLink="false">one</guid><pubDate>Thu, 26 Nov 2026 08:00:00 GMT</pubDate>
            <media:group><media:title>No</media:title></media:group></item>
          <item><title>caf&eacute;&#8217;s &lt;i&gt;best&lt;/i&gt;</title><link>https://tea.example/2</link></item>
          <item><link>https://tea.example/3</link><pubDate>yesterday</pubDate></item>
          <item><description>nothing to tell it by</description></item>
        </channel></rss>"#,
        "Tea & biscuits",
        &[
            ["one", "Green tea & 5 < 6", "https://tea.example/1", "2026-11-26T08:00:00+00:00"],
            ["https://tea.example/2", "café’s best", "https://tea.example/2", ""],
            ["https://tea.example/3", "https://tea.example/3", "https://tea.example/3", ""],
        ],
    );
}

#[test]
fn atom() {
    gives(
        r#"<feed xmlns="http://www.w3.org/2005/Atom"><title type="text">茶</title><id>urn:feed</id>
          <link rel="self" href="https://cha.example/atom"/><updated>2026-11-26T00:00:00Z</updated>
          <entry><id>urn:1</id><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">绿<em>茶</em></div></title>
            <link rel="enclosure" href="https://cha.example/1.mp3"/><link href="https://cha.example/1?a=1&amp;b=2"/>
            <updated>2026-11-26T00:00:00Z</updated><published>2026-11-25T08:00:00+08:00</published>
            <source><id>urn:other</id><title>Other</title></source></entry>
        </feed>"#,
        "茶",
        &[["urn:1", "绿茶", "https://cha.example/1?a=1&b=2", "2026-11-25T08:00:00+08:00"]],
    );
}

#[test]
fn rdf() {
    gives(
        r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
          xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Old</title></channel>
          <item><title>First</title><link>https://old.example/1</link><dc:date>2026-11-26T08:00:00Z</dc:date></item>
        </rdf:RDF>"#,
        "Old",
        &[["https://old.example/1", "First", "https://old.example/1", "2026-11-26T08:00:00+00:00"]],
    );
}

#[test]
fn other_alphabets_than_utf_8() {
    let body = b"<?xml version=\"1.0\" encoding=\"GB2312\"?><rss><channel><title>\xb2\xe8</title></channel></rss>";
    assert_eq!(read(body), Some(("茶".to_owned(), Vec::new())));
}

#[test]
fn what_is_none_is_refused_and_what_is_long_is_cut() {
    for body in [
        "<!doctype html><html><head><title>Tea</title></head></html>",
        "{\"version\": \"https://jsonfeed.org/version/1\"}",
        "",
        "<rss><channel></rss>",
        "<rss><channel><title>cut sh",
    ] {
        assert_eq!(read(body.as_bytes()), None, "{body}");
    }
    let many = format!("<rss><channel>{}</channel></rss>", "<item><guid>1</guid></item>".repeat(500));
    assert_eq!(read(many.as_bytes()).unwrap().1.len(), 200);
    let long = format!("<rss><channel><title>{}</title></channel></rss>", "茶".repeat(500));
    assert_eq!(read(long.as_bytes()).unwrap().0.chars().count(), 200);
}
