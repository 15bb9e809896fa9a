import './install.js';
import run from 'skillet:author';
import { settled } from './promise.js';
import { call, failure, input, output } from '../../values.js';

export const skill = {
  run(raw) {
    try {
      return output(settled(run(input(raw), call(raw))));
    } catch (thrown) {
      throw failure(thrown);
    }
  },
};
