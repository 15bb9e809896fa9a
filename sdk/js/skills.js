import { call as run } from 'skillet:skill/skills@0.1.0';
import { json, text } from './checked.js';
import { lent } from './failure.js';

const CASES = {
  'invalid-input': ['invalid-input'],
  unavailable: ['unavailable'],
  denied: ['denied'],
  failed: ['failed'],
};

export const call = lent((skill, input) => JSON.parse(run(text(skill, 'the skill'), json(input, 'the input'))), CASES);
