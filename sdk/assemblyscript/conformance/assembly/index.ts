// Does one thing with each part of the SDK, for the tests that every SDK passes.
import { Call, Json, denied, failed, invalidInput, unavailable } from "skillet";
import * as clock from "skillet/clock";
import * as config from "skillet/config";
import * as http from "skillet/http";
import * as jobs from "skillet/jobs";
import * as kv from "skillet/kv";
import * as llm from "skillet/llm";
import * as log from "skillet/log";
import * as memory from "skillet/memory";
import * as messages from "skillet/messages";
import * as progress from "skillet/progress";
import * as random from "skillet/random";
import * as settings from "skillet/settings";
import * as skills from "skillet/skills";

export function run(call: Call): Json {
  const input = call.input;
  const done = input.get("do").asText();
  const key = input.get("key").asText();
  const text = input.get("text").asText();
  const output = Json.object();
  if (done == "echo") return output.setText("text", text);
  if (done == "call") return about(call);
  if (done == "fail") return fail(input.get("kind").asText(), text);
  if (done == "panic") throw new Error(text);
  if (done == "quit") assert(text == "", text);
  if (done == "spin") while (true) spin();
  if (done == "fill") fill();
  if (done == "log") write(input.get("level").asText(), text);
  else if (done == "clock") output.setInteger("now_ms", clock.nowMs());
  else if (done == "random") output.setText("hex", hex(random.bytes(<i32>input.get("length").asInteger())));
  else if (done == "settings") output.set("value", Json.textOrNull(settings.get(key)));
  else if (done == "remember") memory.rememberAs(key, text);
  else if (done == "search") output.set("keys", search(input.get("query").asText()));
  else if (done == "config") output.setText("value", config.get(key));
  else if (done == "send") output.setText("id", messages.send(text));
  else if (done == "http") fetch(input.get("url").asText(), output);
  else if (done == "llm") output.setText("text", ask(input.get("prompt").asText()));
  else if (done == "schedule") output.setText("id", schedule(text, input.get("at_ms").asInteger()));
  else if (done == "skill") output.set("output", skills.call(input.get("skill").asText(), input.get("input")));
  else if (done == "progress") report(input);
  else if (done.startsWith("kv_")) return keep(done, key, input);
  else return invalidInput(`cannot do "${done}"`);
  return output;
}

function about(call: Call): Json {
  return Json.object()
    .setText("id", call.id)
    .setInteger("attempt", call.attempt)
    .setText("locale", call.locale)
    .setText("time_zone", call.timeZone)
    .setInteger("deadline_ms", call.deadlineMs);
}

function fail(kind: string, text: string): Json {
  if (kind == "invalid-input") return invalidInput(text);
  if (kind == "unavailable") return unavailable(text);
  if (kind == "denied") return denied(text);
  return failed(text);
}

let turns: u32 = 0;

function spin(): void {
  turns++;
}

function fill(): void {
  const all: Uint8Array[] = [];
  while (true) all.push(new Uint8Array(1 << 20));
}

function keep(done: string, key: string, input: Json): Json {
  const output = Json.object();
  const value = input.get("value").asText();
  if (done == "kv_set") kv.setText(key, value);
  else if (done == "kv_get") output.set("value", Json.textOrNull(kv.getText(key)));
  else if (done == "kv_delete") kv.remove(key);
  else if (done == "kv_list") output.set("keys", Json.texts(kv.keys(input.get("prefix").asText(), 100)));
  else if (done == "kv_swap") {
    const expected = input.get("expected");
    const before: string | null = expected.isText ? expected.asText() : null;
    output.set("set", Json.bool(kv.compareAndSetText(key, before, value)));
  } else return invalidInput(`cannot do "${done}"`);
  return output;
}

function write(level: string, text: string): void {
  if (level == "debug") log.debug(text);
  else if (level == "warn") log.warn(text);
  else if (level == "error") log.error(text);
  else log.info(text);
}

function report(input: Json): void {
  const done = <u32>input.get("done").asInteger();
  progress.report(done, <u32>input.get("total").asInteger(), input.get("note").asText());
}

function hex(bytes: Uint8Array): string {
  let all = "";
  for (let i = 0; i < bytes.length; i++) all += bytes[i].toString(16).padStart(2, "0");
  return all;
}

function search(query: string): Json {
  const keys = Json.list();
  const facts = memory.search(query, 10);
  for (let i = 0; i < facts.length; i++) keys.push(Json.text(facts[i].key));
  return keys;
}

function fetch(url: string, output: Json): void {
  const request = new http.Request(url).header("x-conformance", "yes");
  request.timeoutMs = 5000;
  const response = http.send(request);
  output.setInteger("status", response.status).setText("body", response.text());
}

function ask(prompt: string): string {
  const request = new llm.Request(prompt);
  request.instructions = "Answer.";
  request.maxOutputTokens = 64;
  return llm.complete(request).text;
}

function schedule(text: string, atMs: i64): string {
  const job = new jobs.Job("reminder", atMs);
  job.payload = Json.object().setText("text", text);
  return jobs.schedule(job);
}
