// Makes a component of the skill in this folder: node .skillet/build.mjs [--tools DIR] [--out FILE]
//
// DIR has the files of `.skillet/engines/ENGINE` and what `npm ci` made of them there; it is that folder itself if
// none is given. FILE is `.skillet/build/component.wasm` if none is given. The manifest is not put in.

import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const SDK = dirname(fileURLToPath(import.meta.url));
const WORK = join(SDK, 'build');
const SOURCES = ['skill.ts', 'skill.js'];
const ENGINES = ['quickjs', 'starlingmonkey'];
const WORLD = 'skill-world';
// What authors write at first, by esbuild's words for it.
const HINTS = [
  [/No matching export in "skill\.[jt]s" for import "default"/, 'a skill is the default export: export default function run(input, call) { … }'],
  [/\(originally "skillet\//, "the SDK is one module: import { http, kv } from 'skillet'"],
];
const INTERFACE = /^skillet:skill\/([a-z]+)@/;

const { values: options } = parseArgs({ options: { tools: { type: 'string' }, out: { type: 'string' } } });

try {
  await build();
} catch (error) {
  // What esbuild found wrong stands there already.
  if (!error.errors) console.error(`error: ${error.message}`);
  const said = (error.errors ?? []).map(({ text }) => text);
  for (const [words, hint] of HINTS) if (said.some((text) => words.test(text))) console.error(`hint: ${hint}`);
  process.exitCode = 1;
}

async function build() {
  const name = await engineName();
  const engine = await loadEngine(name);
  const { source, interfaces } = await bundle(engine, name);
  const wit = await narrowContract(interfaces);
  const component = await engine.componentize({ source, wit, world: WORLD });
  await writeFile(options.out ?? join(WORK, 'component.wasm'), component);
}

async function engineName() {
  const settings = existsSync('package.json') ? JSON.parse(await readFile('package.json', 'utf8')).skillet : undefined;
  const name = settings?.engine ?? ENGINES[0];
  if (!ENGINES.includes(name)) throw new Error(`package.json: \`skillet.engine\` is one of ${ENGINES.join(', ')}, not ${name}`);
  return name;
}

async function loadEngine(name) {
  const tools = resolve(options.tools ?? join(SDK, 'engines', name));
  try {
    return await import(pathToFileURL(join(tools, 'engine.mjs')));
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Error(`the tools are not there; npm ci --ignore-scripts --prefix ${tools}`);
  }
}

/** The skill, the SDK and all packages in one file, and the names of the host's interfaces that it imports. */
async function bundle(engine, name) {
  const author = SOURCES.find((file) => existsSync(file));
  if (!author) throw new Error(`there is neither ${SOURCES.join(' nor ')} in this folder`);
  const inEngine = (file) => join(SDK, 'engines', name, file);
  const outfile = join(WORK, 'skill.js');
  const { metafile } = await engine.bundle({
    ...engine.options,
    entryPoints: [inEngine('entry.js')],
    inject: engine.options.inject.map(inEngine),
    alias: { skillet: join(SDK, 'index.js'), 'skillet:author': resolve(author) },
    external: ['skillet:skill/*'],
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    metafile: true,
    outfile,
    logLevel: 'warning',
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const interfaces = imports.map(({ path }) => INTERFACE.exec(path)?.[1]);
  return { source: await readFile(outfile, 'utf8'), interfaces };
}

/** The contract with a world of these interfaces alone: an engine imports whatever its world names. */
async function narrowContract(interfaces) {
  const wit = join(WORK, 'wit');
  await rm(wit, { recursive: true, force: true });
  await mkdir(WORK, { recursive: true });
  await cp(join(SDK, 'wit'), wit, { recursive: true });
  const file = join(wit, 'world.wit');
  const world = await readFile(file, 'utf8');
  await writeFile(file, world.replace(/^ *import ([a-z]+);\n/gm, (line, name) => (interfaces.includes(name) ? line : '')));
  return wit;
}
