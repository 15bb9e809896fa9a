// Write Skillet skills in AssemblyScript. A skill is a file `assembly/index.ts` with one function:
//
//     import { Call, Json, invalidInput } from "skillet";
//
//     export function run(call: Call): Json {
//       const name = call.input.get("name").asText();
//       if (name == "") return invalidInput("the name is empty");
//       return Json.object().setText("text", `Hello, ${name}!`);
//     }
//
// It runs in a sandbox, in a fresh instance for each call: no variable survives from one to the next.
import { Failure, Kind } from "./failure";
import { Json } from "./json";

export { Failure } from "./failure";
export { Json } from "./json";
export { parse } from "./parse";

/** One run of a skill. The host fills in every field. */
export class Call {
  constructor(
    /** A UUIDv7, the same on every retry of this run. */
    public id: string,
    /** 1 on the first attempt. */
    public attempt: u32,
    /** The arguments, already checked against the manifest's `input_schema`. */
    public input: Json,
    /** IETF language tag of the user, for example `zh-CN`. */
    public locale: string,
    /** IANA zone of the user, for example `Asia/Shanghai`. */
    public timeZone: string,
    /** Milliseconds that were left, when the run began, until the host stops it. */
    public deadlineMs: u64,
  ) {}

  /** Whether replies should be in Chinese: the locale is `zh` or a variety of it. */
  get isChinese(): bool {
    const language = this.locale.replace("_", "-").split("-")[0];
    return language.toLowerCase() == "zh";
  }
}

/** The arguments make no sense. The text should say what would be right. */
export function invalidInput(text: string): Json {
  return fail(Kind.INVALID_INPUT, text);
}

/** Something needed is away for now; the host may try again. */
export function unavailable(text: string): Json {
  return fail(Kind.UNAVAILABLE, text);
}

/** The owner has not granted what this needs. The text should say what to grant. */
export function denied(text: string): Json {
  return fail(Kind.DENIED, text);
}

/** Anything else. */
export function failed(text: string): Json {
  return fail(Kind.FAILED, text);
}

function fail(kind: u8, text: string): Json {
  Failure.keep(kind, text);
  return Json.null();
}
