// Between the host's `run` and the author's.

import { json, text } from './checked.js';
import { Failure } from './failure.js';
import { error as logError } from './log.js';
import { start } from './running.js';
import { shown } from './shown.js';

export function input(raw) {
  start();
  try {
    return JSON.parse(raw.input);
  } catch (error) {
    throw Failure.invalidInput(`the input does not parse: ${error.message}`);
  }
}

export function call({ id, attempt, locale, timeZone, deadlineMs }) {
  const isChinese = /^zh([-_]|$)/i.test(locale);
  return { id, attempt, locale, timeZone, deadlineMs: Number(deadlineMs), isChinese };
}

export function output(value) {
  return json(value, 'the output');
}

/** The failure of this call for the host. What was not foreseen is logged with the place that it came from. */
export function failure(thrown) {
  if (thrown instanceof Failure) return { tag: thrown.kind, val: text(thrown.message, 'the text') };
  logError(thrown);
  return { tag: 'failed', val: text(shown(thrown), 'the text') };
}
