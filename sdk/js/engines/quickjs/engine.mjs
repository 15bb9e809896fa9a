import { componentize as makeComponent } from 'componentize-qjs';

export { build as bundle } from 'esbuild';

export const options = {
  target: 'es2023',
  // The engine does not run its queue of promises within a call; see promise.js.
  supported: { 'async-await': false, 'async-generator': false, 'for-await': false, 'top-level-await': false },
  inject: ['globals/index.js'],
};

export async function componentize({ source, wit, world }) {
  // The contract has no asynchronous functions, and the host lends nothing of WASI to a skill.
  const made = await makeComponent({ jsSource: source, witPath: wit, world, sync: true, stubWasi: true });
  return made.component;
}
