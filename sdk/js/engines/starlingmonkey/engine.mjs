import { componentize as makeComponent } from '@bytecodealliance/componentize-js';

export { build as bundle } from 'esbuild';

export const options = { target: 'es2022', inject: ['../quickjs/globals/console.js'] };

export async function componentize({ source, wit, world }) {
  const made = await makeComponent(source, { witPath: wit, worldName: world, disableFeatures: ['stdio'] });
  return made.component;
}
