import * as host from 'skillet:skill/config@0.1.0';
import { text } from './checked.js';
import { lent } from './failure.js';

const CASES = {
  denied: ['denied'],
  unknown: ['invalid-input'],
  invalid: ['invalid-input'],
  unavailable: ['unavailable', 'the settings are unavailable: '],
};

export const get = lent((key) => host.get(text(key, 'the key')), CASES);

export const set = lent((key, value) => void host.set(text(key, 'the key'), text(String(value), 'the value')), CASES);
