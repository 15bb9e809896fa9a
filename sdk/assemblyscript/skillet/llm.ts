// A language model behind the host's gateway: budgets, tiers and caches apply. Granted with
// `llm = "small"` or `llm = "large"`.
import * as abi from "./abi";
import { Failure, Kind } from "./failure";

// @ts-ignore: decorator
@external("skillet:skill/llm@0.1.0", "complete")
declare function rawComplete(
  tier: u32, instructions: usize, instructionsLength: u32, prompt: usize, promptLength: u32,
  hasSchema: u32, schema: usize, schemaLength: u32, maxOutputTokens: u32, reply: usize,
): void;

/** Small is cheap and quick, large is for reasoning over much material. */
export enum Tier {
  Small,
  Large,
}

/** A question to a model. */
export class Request {
  tier: Tier = Tier.Small;
  /** What to do with the prompt. Keep the same text from call to call: it is cached. */
  instructions: string = "";
  /** A JSON Schema; with it the answer's text is JSON that satisfies it. */
  outputSchema: string | null = null;
  /** The host reserves money for as many. */
  maxOutputTokens: u32 = 512;

  constructor(public prompt: string) {}
}

/** What the model said, and what it used. */
export class Answer {
  text: string = "";
  inputTokens: u32 = 0;
  outputTokens: u32 = 0;
}

/** Asks, and waits for the answer. */
export function complete(request: Request): Answer {
  const answer = new Answer();
  if (Failure.pending()) return answer;
  const instructions = abi.utf8(request.instructions);
  const prompt = abi.utf8(request.prompt);
  const given = request.outputSchema;
  const schema = abi.utf8(given == null ? "" : given);
  rawComplete(
    request.tier, abi.address(instructions), instructions.byteLength, abi.address(prompt), prompt.byteLength,
    u32(given != null), abi.address(schema), schema.byteLength, request.maxOutputTokens, abi.reply(),
  );
  if (!isGood()) return answer;
  answer.text = abi.text(abi.reply() + 4);
  answer.inputTokens = load<u32>(abi.reply(), 12);
  answer.outputTokens = load<u32>(abi.reply(), 16);
  return answer;
}

function isGood(): bool {
  if (!abi.refused()) return true;
  // A budget that is spent is the owner's no, like a grant that is missing.
  if (abi.refusal() <= 1) Failure.keep(Kind.DENIED, abi.reason());
  else Failure.keep(Kind.UNAVAILABLE, "the model is unavailable: " + abi.reason());
  return false;
}
