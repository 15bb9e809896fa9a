import { complete as ask } from 'skillet:skill/llm@0.1.0';
import { json, optional, text, u32 } from './checked.js';
import { lent } from './failure.js';

const CASES = {
  'budget-exceeded': ['denied'],
  denied: ['denied'],
  unavailable: ['unavailable', 'the model is unavailable: '],
};

/** Enough for a page of text. */
const DEFAULT_OUTPUT_TOKENS = 512;

export const complete = lent(
  ({ tier = 'small', prompt, instructions = '', outputSchema, maxOutputTokens = DEFAULT_OUTPUT_TOKENS }) => {
    if (tier !== 'small' && tier !== 'large') throw new TypeError(`the tier is small or large, not ${tier}`);
    const answer = ask({
      tier,
      instructions: text(instructions, 'instructions'),
      prompt: text(prompt, 'the prompt'),
      outputSchema: optional(json)(outputSchema, 'the output schema'),
      maxOutputTokens: u32(maxOutputTokens, 'maxOutputTokens'),
    });
    return { text: answer.text, inputTokens: answer.inputTokens, outputTokens: answer.outputTokens };
  },
  CASES,
);
