//! The parameters of a call, in any of the three forms in which Telegram takes them.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

use super::http::{Request, decode};

/// A file with its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upload {
    pub name: String,
    pub media_type: String,
    pub bytes: Vec<u8>,
}

/// Parameters by name. In a form every value is a string, and lists and objects are JSON in one.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    pub values: Map<String, Value>,
    pub files: BTreeMap<String, Upload>,
}

impl Fields {
    pub fn of(request: &Request) -> Result<Self, String> {
        let mut fields = Self::default();
        fields.read_form(&request.query);
        let body = &request.body;
        let kind = request.content_type.split(';').next().unwrap_or_default().trim();
        match kind {
            "application/json" if !body.is_empty() => match serde_json::from_slice(body) {
                Ok(Value::Object(values)) => fields.values.extend(values),
                _ => return Err("the body is not a JSON object".into()),
            },
            "application/x-www-form-urlencoded" => fields.read_form(&String::from_utf8_lossy(body)),
            "multipart/form-data" => fields.read_multipart(&request.content_type, body)?,
            _ if !body.is_empty() => return Err(format!("unknown content type: {}", request.content_type)),
            _ => {}
        }
        Ok(fields)
    }

    fn read_form(&mut self, text: &str) {
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            self.values.insert(decode(name, true), Value::String(decode(value, true)));
        }
    }

    fn read_multipart(&mut self, content_type: &str, body: &[u8]) -> Result<(), String> {
        let boundary = content_type.split_once("boundary=").ok_or("no boundary")?.1.trim_matches('"');
        // Every delimiter but the first follows a line break that is not part of the content.
        let whole = [b"\r\n", body].concat();
        for part in split(&whole, format!("\r\n--{boundary}").as_bytes()).into_iter().skip(1) {
            if part.starts_with(b"--") {
                return Ok(());
            }
            let (head, content) = split_once(part, b"\r\n\r\n").ok_or("a part without a head")?;
            let head = String::from_utf8_lossy(head).into_owned();
            let name = quoted(&head, "name").ok_or("a part without a name")?;
            let media_type =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-type:").map(str::to_owned));
            if let Some(file) = quoted(&head, "filename") {
                let media_type = media_type.unwrap_or("application/octet-stream".to_owned()).trim().to_owned();
                self.files.insert(name, Upload { name: file, media_type, bytes: content.to_vec() });
            } else {
                self.values.insert(name, Value::String(String::from_utf8_lossy(content).into_owned()));
            }
        }
        Err("the last boundary is missing".into())
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.as_str()
    }

    pub fn int(&self, name: &str) -> Option<i64> {
        let value = self.values.get(name)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    pub fn truth(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|value| value == true || value.as_str() == Some("true"))
    }

    /// A list or an object.
    pub fn json(&self, name: &str) -> Option<Value> {
        match self.values.get(name)? {
            Value::Null => None,
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))),
            other => Some(other.clone()),
        }
    }

    /// The file of a parameter, which may name another part as `attach://part`.
    pub fn file(&self, name: &str) -> Option<&Upload> {
        let part = self.text(name).and_then(|value| value.strip_prefix("attach://")).unwrap_or(name);
        self.files.get(part)
    }
}

/// The value of a quoted attribute in a head of a part.
fn quoted(head: &str, attribute: &str) -> Option<String> {
    let from = head.split_once(&format!(" {attribute}=\""))?.1;
    Some(from.split('"').next()?.to_owned())
}

fn split<'a>(bytes: &'a [u8], by: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some((part, more)) = split_once(rest, by) {
        parts.push(part);
        rest = more;
    }
    parts.push(rest);
    parts
}

fn split_once<'a>(bytes: &'a [u8], by: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(by.len()).position(|window| window == by)?;
    Some((&bytes[..at], &bytes[at + by.len()..]))
}
