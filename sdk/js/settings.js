import { get as read } from 'skillet:skill/settings@0.1.0';
import { text } from './checked.js';
import { Failure } from './failure.js';

export const get = (key) => read(text(key, 'the key')) ?? null;

export function require(key) {
  const value = get(key);
  if (value !== null) return value;
  throw new Failure('denied', `the setting \`${key}\` of this skill is empty; the owner can fill it in on the skill's page`);
}
