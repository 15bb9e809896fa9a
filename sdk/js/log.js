import { write } from 'skillet:skill/log@0.1.0';
import { text } from './checked.js';
import { shown } from './shown.js';

const line = (level) => (...values) => write(level, text(values.map(withStack).join(' '), 'the line'));

export const debug = line('debug');
export const info = line('info');
export const warn = line('warn');
export const error = line('error');

/** The engine's stack does not repeat the message. */
function withStack(value) {
  let stack;
  try {
    if (value instanceof Error) stack = value.stack;
  } catch {
    // It is shown without.
  }
  return typeof stack === 'string' ? `${shown(value)}\n${stack}`.trimEnd() : shown(value);
}
