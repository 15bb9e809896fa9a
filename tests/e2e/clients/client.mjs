// The Node client: node client.mjs BASE_URL TOKEN
import OpenAI from "openai";
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

const [baseURL, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey });
const user = (content) => ({ role: "user", content });
const weather = {
  type: "function",
  function: {
    name: "weather", description: "The weather of a city.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

const seen = async () => (await fetch(`${baseURL}/seen`)).json();

/** Runs `action` and says how many requests the host and the model's server were sent meanwhile. */
async function counted(action) {
  const before = await seen();
  await action();
  const after = await seen();
  return { host: after.host - before.host, upstream: after.upstream - before.upstream };
}

async function refused(status, code, request) {
  await assert.rejects(client.chat.completions.create(request), (error) => {
    assert.equal(error.status, status, String(error));
    assert.equal(error.code, code, String(error));
    return error instanceof OpenAI.APIError;
  });
}

const checks = {
  "the models": async () => {
    const names = [];
    for await (const model of client.models.list()) names.push(model.id);
    assert.deepEqual(names, ["skillet", "small", "large", "embedding"]);
  },
  "a whole answer": async () => {
    const answer = await client.chat.completions.create({ model: "small", messages: [user("hello")] });
    assert.equal(answer.choices[0].message.content, "Hello, 世界!");
    assert.equal(answer.choices[0].finish_reason, "stop");
    assert.deepEqual([answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens], [12, 5, 17]);
  },
  "a stream with usage": async () => {
    const stream = await client.chat.completions.create({
      model: "small", messages: [user("hello")], stream: true, stream_options: { include_usage: true },
    });
    let text = "";
    let parts = 0;
    let usage;
    for await (const chunk of stream) {
      const content = chunk.choices[0]?.delta.content;
      if (content) { text += content; parts += 1; }
      usage = chunk.usage ?? usage;
    }
    assert.equal(text, "Hello, 世界!");
    assert(parts > 1, "it came in one piece");
    assert.equal(usage.total_tokens, 17);
  },
  "tools, and their results": async () => {
    const messages = [user("How is the weather in 上海?")];
    const answer = await client.chat.completions.create({ model: "small", messages, tools: [weather] });
    const [call] = answer.choices[0].message.tool_calls;
    assert.equal(answer.choices[0].finish_reason, "tool_calls");
    assert.deepEqual([call.function.name, JSON.parse(call.function.arguments)], ["weather", { city: "上海" }]);
    messages.push(answer.choices[0].message, { role: "tool", tool_call_id: call.id, content: "sunny" });
    const then = await client.chat.completions.create({ model: "small", messages, tools: [weather] });
    assert.equal(then.choices[0].message.content, "The weather is sunny.");
  },
  "tools in a stream": async () => {
    const stream = client.chat.completions.stream({ model: "small", messages: [user("And today?")], tools: [weather] });
    const [call] = (await stream.finalMessage()).tool_calls;
    assert.deepEqual([call.id, JSON.parse(call.function.arguments)], ["call_1", { city: "上海" }]);
  },
  "vectors": async () => {
    const answer = await client.embeddings.create({ model: "embedding", input: ["one", "three"] });
    assert.deepEqual(answer.data.map((one) => [...one.embedding]), [[3, 0.5, -1], [5, 0.5, -1]]);
    assert.equal(answer.usage.prompt_tokens, 6);
  },
  "a refusal for money is not repeated": async () => {
    const times = await counted(() => refused(402, "unpriced_model", { model: "large", messages: [user("hello")] }));
    assert.deepEqual(times, { host: 1, upstream: 0 });
  },
  "what the gateway has repeated is not repeated again": async () => {
    const times = await counted(() => refused(502, "upstream_error", { model: "small", messages: [user("fail")] }));
    assert.deepEqual(times, { host: 1, upstream: 2 });
  },
  "a model that is not there": async () => {
    const times = await counted(() => refused(404, "model_not_found", { model: "gpt-9", messages: [user("hello")] }));
    assert.deepEqual(times, { host: 1, upstream: 0 });
  },
  "a stream that is left stops the model": async () => {
    const before = await seen();
    const stream = await client.chat.completions.create({ model: "small", messages: [user("Count slowly.")], stream: true });
    let words = 0;
    for await (const chunk of stream) {
      words += chunk.choices[0]?.delta.content ? 1 : 0;
      if (words === 3) break;
    }
    for (let tries = 0; (await seen()).cut.length === before.cut.length; tries += 1) {
      assert(tries < 100, "the model went on");
      await sleep(20);
    }
    assert((await seen()).cut.at(-1) < 100, "it was stopped late");
  },
};

for (const [what, check] of Object.entries(checks)) {
  await check();
  console.log(`ok Node's client: ${what}`);
}
