import run from 'skillet:author';
import { call, failure, input, output } from '../../values.js';

export const skill = {
  async run(raw) {
    try {
      return output(await run(input(raw), call(raw)));
    } catch (thrown) {
      throw failure(thrown);
    }
  },
};
