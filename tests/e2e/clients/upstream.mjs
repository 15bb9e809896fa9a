// A model's server that says what is written here, and keeps what it was asked.
import { createServer } from "node:http";

const USAGE = { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 };

/** Words of the long stream, and the milliseconds between two. */
const LONG = { words: 500, pause: 20 };

/** Starts it; `seen` has the paths of all requests, and how many words were sent of streams that were cut. */
export async function startUpstream() {
  const seen = { requests: [], cut: [] };
  const server = createServer(async (request, response) => {
    seen.requests.push(request.url);
    let body = "";
    for await (const bytes of request) body += bytes;
    const asked = JSON.parse(body);
    if (request.url === "/v1/embeddings") return json(response, 200, vectors(asked));
    const last = asked.messages.at(-1);
    if (/fail/.test(last.content)) return json(response, 500, { error: { message: "out of order" } });
    if (/slowly/.test(last.content)) return slowly(response, seen);
    const message = answer(asked, last);
    if (asked.stream) return stream(response, message);
    json(response, 200, {
      id: "chatcmpl-1", object: "chat.completion", created: 1, model: asked.model,
      choices: [{ index: 0, message, finish_reason: message.tool_calls ? "tool_calls" : "stop" }], usage: USAGE,
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { seen, server, url: `http://127.0.0.1:${server.address().port}/v1` };
}

function answer(asked, last) {
  if (last.role === "tool") return { role: "assistant", content: `The weather is ${last.content}.` };
  if (!asked.tools) return { role: "assistant", content: "Hello, 世界!" };
  const call = { name: asked.tools[0].function.name, arguments: JSON.stringify({ city: "上海" }) };
  return { role: "assistant", content: null, tool_calls: [{ id: "call_1", type: "function", function: call }] };
}

function vectors(asked) {
  const data = asked.input.map((text, index) => ({ object: "embedding", index, embedding: [text.length, 0.5, -1] }));
  return { object: "list", data, model: asked.model, usage: { prompt_tokens: 6, total_tokens: 6 } };
}

function json(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function chunk(choices, usage) {
  return `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "scripted", choices, usage })}\n\n`;
}

function stream(response, message) {
  response.writeHead(200, { "content-type": "text/event-stream" });
  if (message.tool_calls) {
    // The arguments come in two halves, as models send them.
    const [{ id, type, function: { name, arguments: all } }] = message.tool_calls;
    const half = (part, rest) => chunk([{ index: 0, delta: { tool_calls: [{ index: 0, ...rest, function: { ...rest.function, arguments: part } }] }, finish_reason: null }]);
    response.write(half(all.slice(0, 5), { id, type, function: { name } }) + half(all.slice(5), {}));
  } else {
    for (const part of message.content.split(/(?<=,)/)) response.write(chunk([{ index: 0, delta: { content: part }, finish_reason: null }]));
  }
  response.write(chunk([{ index: 0, delta: {}, finish_reason: message.tool_calls ? "tool_calls" : "stop" }]));
  response.end(`${chunk([], USAGE)}data: [DONE]\n\n`);
}

/** A stream that takes ten seconds, and notes when its reader leaves. */
function slowly(response, seen) {
  response.writeHead(200, { "content-type": "text/event-stream" });
  let sent = 0;
  const timer = setInterval(() => {
    response.write(chunk([{ index: 0, delta: { content: `${sent} ` }, finish_reason: null }]));
    sent += 1;
    if (sent === LONG.words) response.end("data: [DONE]\n\n");
  }, LONG.pause);
  response.on("close", () => {
    clearInterval(timer);
    if (sent < LONG.words) seen.cut.push(sent);
  });
}
