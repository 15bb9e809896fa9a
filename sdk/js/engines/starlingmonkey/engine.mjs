import { componentize as makeComponent } from '@bytecodealliance/componentize-js';

export { build as bundle } from 'esbuild';

export const options = { target: 'es2022', inject: ['../quickjs/globals/console.js'] };

// The package keeps its splicer to itself.
const inside = import.meta.resolve('@bytecodealliance/componentize-js');
const { splicer } = await import(new URL('../lib/spidermonkey-embedding-splicer.js', inside));
const { spliceBindings } = splicer;

// With each text for the host its bindings count the characters, for nobody: 14,600 fuel for each of them.
splicer.spliceBindings = (...given) => {
  const made = spliceBindings(...given);
  const jsBindings = made.jsBindings.replace(', codepoints: [...s].length }', ' }');
  if (jsBindings === made.jsBindings) throw new Error('the bindings of componentize-js are others than is known here');
  return { ...made, jsBindings };
};

export async function componentize({ source, wit, world }) {
  const made = await makeComponent(source, { witPath: wit, worldName: world, disableFeatures: ['stdio'] });
  return made.component;
}
