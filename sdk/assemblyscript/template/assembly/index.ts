// Greets somebody by name and counts the greetings.
import { Call, Failure, Json, invalidInput } from "skillet";
import * as kv from "skillet/kv";

export function run(call: Call): Json {
  const name = call.input.get("name").asText().trim();
  if (name == "") return invalidInput(call.isChinese ? "名字不能为空" : "the name is empty");
  const count = countUp();
  const text = call.isChinese ? `你好，${name}！这是第 ${count} 次。` : `Hello, ${name}! This is time ${count}.`;
  return Json.object().setText("text", text).setInteger("count", count);
}

/** Adds one to what is kept for this user, also when other calls do the same. */
function countUp(): i64 {
  while (!Failure.pending()) {
    const kept = kv.getText("count");
    const count = kept == null ? 1 : I64.parseInt(kept) + 1;
    if (kv.compareAndSetText("count", kept, count.toString())) return count;
  }
  return 0;
}
