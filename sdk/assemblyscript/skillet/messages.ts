// Messages to the people this call is for. Granted with `messages = ["me"]`, for the conversation of the
// call and the person's own Telegram chat, or `messages = ["me", "people"]`, for any other paired person
// or group too.
import * as abi from "./abi";
import { Failure, Kind } from "./failure";

// @ts-ignore: decorator
@external("skillet:skill/messages@0.1.0", "send")
declare function rawSend(hasChat: u32, chat: usize, chatLength: u32, text: usize, textLength: u32, reply: usize): void;

/** Queues a message to the conversation that this call came from; returns its id. A retry of the call
 * sends it no second time. */
export function send(text: string): string {
  return queue(null, text);
}

/** Queues a message to another chat; returns its id. `me` is the person's own Telegram chat; anything
 * else is the name of a paired person or group, or a Telegram chat id, and needs the scope `people`. */
export function sendTo(chat: string, text: string): string {
  return queue(chat, text);
}

function queue(chat: string | null, text: string): string {
  if (Failure.pending()) return "";
  const to = abi.utf8(chat == null ? "" : chat);
  const message = abi.utf8(text);
  rawSend(u32(chat != null), abi.address(to), to.byteLength, abi.address(message), message.byteLength, abi.reply());
  if (!abi.refused()) return abi.text(abi.reply() + 4);
  if (abi.refusal() == 0) Failure.keep(Kind.DENIED, abi.reason());
  else Failure.keep(Kind.UNAVAILABLE, "the outbox is unavailable: " + abi.reason());
  return "";
}
