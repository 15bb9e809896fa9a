//! What OpenAI's clients send. Fields that are not known are passed over, as every server does; several
//! answers, log probabilities and what is no text are refused.

use serde::Deserialize;
use serde_json::Value;

use super::error::Refusal;
use crate::gateway::{Options, Prompt, PromptMessage, ToolCall, ToolChoice, ToolSpec};

/// Text that is counted in about a tenth of a millisecond.
const SHORT_BYTES: usize = 1_024;

/// What a message takes beside its text.
const BYTES_PER_MESSAGE: usize = 32;

#[derive(Debug, Deserialize)]
pub struct ChatRequest {
    pub model: String,
    pub messages: Vec<Message>,
    #[serde(default)]
    pub stream: bool,
    pub stream_options: Option<StreamOptions>,
    max_tokens: Option<u32>,
    max_completion_tokens: Option<u32>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    seed: Option<i64>,
    stop: Option<OneOrMany>,
    n: Option<u32>,
    #[serde(default)]
    logprobs: Option<bool>,
    #[serde(default)]
    tools: Vec<Tool>,
    tool_choice: Option<Value>,
    response_format: Option<ResponseFormat>,
}

#[derive(Debug, Deserialize)]
pub struct StreamOptions {
    #[serde(default)]
    pub include_usage: bool,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub fn list(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

#[derive(Debug, Deserialize)]
pub struct Message {
    pub role: String,
    #[serde(default)]
    content: Option<Content>,
    #[serde(default)]
    tool_calls: Option<Vec<Call>>,
    tool_call_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
struct Part {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Call {
    id: String,
    function: CalledFunction,
}

#[derive(Debug, Deserialize)]
struct CalledFunction {
    name: String,
    #[serde(default)]
    arguments: String,
}

#[derive(Debug, Deserialize)]
struct Tool {
    #[serde(rename = "type")]
    kind: String,
    function: Function,
}

#[derive(Debug, Deserialize)]
struct Function {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default = "any_object")]
    parameters: Value,
}

fn any_object() -> Value {
    serde_json::json!({ "type": "object", "properties": {} })
}

#[derive(Debug, Deserialize)]
struct ResponseFormat {
    #[serde(rename = "type")]
    kind: String,
    json_schema: Option<NamedSchema>,
}

#[derive(Debug, Deserialize)]
struct NamedSchema {
    schema: Option<Value>,
}

/// Bytes of an id of a call.
const MAX_ID_BYTES: usize = 256;

/// Texts that an answer may stop at.
const MAX_STOPS: usize = 4;

/// Bytes of a schema.
const MAX_SCHEMA_BYTES: usize = 64 << 10;

impl ChatRequest {
    pub fn check(&self) -> Result<(), Refusal> {
        if self.messages.is_empty() {
            return Err(Refusal::invalid("messages", "At least one message is needed."));
        }
        if self.n.is_some_and(|n| n != 1) {
            return Err(Refusal::invalid("n", "One answer is given; leave `n` at 1."));
        }
        if self.max_tokens() == Some(0) {
            return Err(Refusal::invalid("max_tokens", "An answer has at least one token."));
        }
        let ids = self.messages.iter().flat_map(|message| {
            let calls = message.tool_calls.iter().flatten().map(|call| &call.id);
            calls.chain(message.tool_call_id.as_ref())
        });
        if ids.into_iter().any(|id| id.len() > MAX_ID_BYTES) {
            return Err(Refusal::invalid("messages", format!("An id of a call has {MAX_ID_BYTES} bytes at most.")));
        }
        if self.logprobs == Some(true) {
            return Err(Refusal::invalid("logprobs", "Log probabilities are not given."));
        }
        Ok(())
    }

    /// Tokens of the answer at most, where the client bounds them.
    pub fn max_tokens(&self) -> Option<u32> {
        self.max_completion_tokens.or(self.max_tokens)
    }

    pub fn wants_usage(&self) -> bool {
        self.stream_options.as_ref().is_some_and(|options| options.include_usage)
    }

    pub fn options(&mut self) -> Result<Options, Refusal> {
        let format = self.response_format.take();
        let (json, schema) = match format.as_ref().map(|format| format.kind.as_str()) {
            None | Some("text") => (false, None),
            Some("json_object") => (true, None),
            Some("json_schema") => {
                let schema = format.and_then(|format| format.json_schema).and_then(|named| named.schema);
                let missing = || Refusal::invalid("response_format", "`json_schema.schema` is missing.");
                (true, Some(schema.ok_or_else(missing)?))
            }
            Some(other) => {
                return Err(Refusal::invalid("response_format", format!("There is no format `{other}`.")));
            }
        };
        if schema.as_ref().is_some_and(|schema| schema.to_string().len() > MAX_SCHEMA_BYTES) {
            let most = format!("A schema has {MAX_SCHEMA_BYTES} bytes at most.");
            return Err(Refusal::invalid("response_format", most));
        }
        let stop = self.stop.take().map(OneOrMany::list).unwrap_or_default();
        if stop.len() > MAX_STOPS || stop.iter().any(|text| text.len() > MAX_ID_BYTES) {
            return Err(Refusal::invalid("stop", format!("At most {MAX_STOPS} short texts.")));
        }
        Ok(Options {
            temperature: self.temperature,
            top_p: self.top_p,
            seed: self.seed,
            stop,
            tool_choice: self.tool_choice.as_ref().map(choice).transpose()?,
            json,
            schema,
        })
    }

    /// Whether its tokens are counted in less time than it takes to have another thread do it.
    pub fn is_short(&self) -> bool {
        let bytes = |message: &Message| match (&message.content, &message.tool_calls, &message.tool_call_id) {
            (Some(Content::Text(text)), None, None) => Some(BYTES_PER_MESSAGE + text.len()),
            _ => None,
        };
        let bytes: Option<usize> = self.messages.iter().map(bytes).sum();
        self.tools.is_empty() && self.response_format.is_none() && bytes.is_some_and(|bytes| bytes <= SHORT_BYTES)
    }

    /// The messages and tools as a prompt of at most so many tokens.
    pub fn prompt(&mut self, budget: u32, options: &Options) -> Result<Prompt, Refusal> {
        let messages = std::mem::take(&mut self.messages).into_iter().map(message).collect::<Result<_, _>>()?;
        let tools = std::mem::take(&mut self.tools).into_iter().map(tool).collect::<Result<_, _>>()?;
        let mut prompt = Prompt::given(messages, tools, budget);
        if let Some(schema) = &options.schema {
            prompt.add(&schema.to_string());
        }
        Ok(prompt)
    }
}

impl Message {
    /// The words of a message; what is not text is refused.
    pub fn text(&self) -> Result<String, Refusal> {
        match &self.content {
            None => Ok(String::new()),
            Some(Content::Text(text)) => Ok(text.clone()),
            Some(Content::Parts(parts)) => {
                let text = |part: &Part| match (part.kind.as_str(), &part.text) {
                    ("text", Some(text)) => Ok(text.clone()),
                    (kind, _) => Err(Refusal::invalid(
                        "messages",
                        format!("Parts of the type `{kind}` are not taken; send text."),
                    )),
                };
                Ok(parts.iter().map(text).collect::<Result<Vec<_>, _>>()?.join("\n"))
            }
        }
    }
}

fn message(message: Message) -> Result<PromptMessage, Refusal> {
    let text = message.text()?;
    match message.role.as_str() {
        "system" | "developer" => Ok(PromptMessage::System(text)),
        "user" => Ok(PromptMessage::User(text)),
        "assistant" => {
            let calls = message.tool_calls.unwrap_or_default().into_iter();
            let call =
                |call: Call| ToolCall { id: call.id, name: call.function.name, arguments: call.function.arguments };
            Ok(PromptMessage::Assistant { text, calls: calls.map(call).collect() })
        }
        "tool" => match message.tool_call_id {
            Some(id) => Ok(PromptMessage::SkillResult { id, text }),
            None => Err(Refusal::invalid("messages", "A message of the role `tool` needs a `tool_call_id`.")),
        },
        role => Err(Refusal::invalid("messages", format!("There is no role `{role}`."))),
    }
}

fn tool(tool: Tool) -> Result<ToolSpec, Refusal> {
    if tool.kind != "function" {
        return Err(Refusal::invalid("tools", format!("Tools of the type `{}` are not taken.", tool.kind)));
    }
    let Function { name, description, parameters } = tool.function;
    Ok(ToolSpec { name, description, parameters })
}

fn choice(value: &Value) -> Result<ToolChoice, Refusal> {
    match (value.as_str(), value["function"]["name"].as_str()) {
        (Some("auto"), _) => Ok(ToolChoice::Auto),
        (Some("none"), _) => Ok(ToolChoice::None),
        (Some("required"), _) => Ok(ToolChoice::Required),
        (_, Some(name)) => Ok(ToolChoice::Named(name.to_owned())),
        _ => Err(Refusal::invalid("tool_choice", "\"auto\", \"none\", \"required\" or a function.")),
    }
}
