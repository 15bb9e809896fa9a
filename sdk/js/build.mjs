// Makes a component of the skill in this folder: node .skillet/build.mjs [--tools DIR] [--out FILE]
//
// DIR has the files of `.skillet/engines/ENGINE` and what `npm ci` made of them there; it is that folder itself if
// none is given. FILE is `.skillet/build/component.wasm` if none is given. The manifest is not put in.

import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { SourceMap } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const SDK = dirname(fileURLToPath(import.meta.url));
const WORK = join(SDK, 'build');
const BUNDLE = join(WORK, 'skill.js');
const MAP = `${BUNDLE}.map`;
const SOURCES = ['skill.ts', 'skill.js'];
const ENGINES = ['quickjs', 'starlingmonkey'];
const WORLD = 'skill-world';
// What authors write at first, by esbuild's words for it.
const HINTS = [
  [/No matching export in "skill\.[jt]s" for import "default"/, 'a skill is the default export: export default function run(input, call) { … }'],
  [/\(originally "skillet\//, "the SDK is one module: import { http, kv } from 'skillet'"],
  [/No matching export in "\.skillet\/index\.js"/, 'what the SDK has is in .skillet/index.d.ts and .skillet/README.md'],
  [/Could not resolve "node:/, "a skill has none of Node's own modules; .skillet/README.md says what there is instead"],
  [/Could not resolve "[^."]/, 'a package is installed by npm in this folder: npm install NAME'],
  // From here on by the engine's words.
  [/skillet:skill\/\w+@[\d.]+#\S+` has not been defined/, 'nothing of the host answers while the file loads: ask it within run'],
  [/Failed to evaluate/, 'what stands outside of functions runs while the component is built'],
];
const INTERFACE = /^skillet:skill\/([a-z]+)@/;

const { values: options } = parseArgs({ options: { tools: { type: 'string' }, out: { type: 'string' } } });

try {
  await build();
} catch (error) {
  // What esbuild found wrong stands there already.
  if (!error.errors) console.error(`error: ${await readable(error.message)}`);
  const said = error.errors?.map(({ text }) => text) ?? [error.message];
  const fits = HINTS.find(([words]) => said.some((text) => words.test(text)));
  if (fits) console.error(`hint: ${fits[1]}`);
  process.exitCode = 1;
}

/** What the engine says, with places in the author's files for those in the bundle, and without those in itself. */
async function readable(message) {
  // A frame of the engine's, which the reason may stand behind.
  const own = /^\s*\d+:\s+0x.*?(>: |$)|^.*wasm backtrace:$/;
  const lines = message.split('\n').map((line) => line.replace(own, '')).filter((line) => line.trim());
  const map = await readFile(MAP, 'utf8').then((text) => new SourceMap(JSON.parse(text)), () => null);
  const place = (found, line, column) => {
    const entry = map?.findEntry(line - 1, column - 1);
    if (!entry?.originalSource) return found;
    return `${relative('.', resolve(WORK, entry.originalSource))}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  };
  return lines.join('\n').replace(/^[:\s]+/, '').replace(/(?:componentize-qjs:)?(?:user|source)\.js:(\d+):(\d+)/g, place).trim();
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
    outfile: BUNDLE,
    // For the places of errors; the bundle does not name it.
    sourcemap: 'external',
    logLevel: 'warning',
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const interfaces = imports.map(({ path }) => INTERFACE.exec(path)?.[1]);
  return { source: await readFile(BUNDLE, 'utf8'), interfaces };
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
