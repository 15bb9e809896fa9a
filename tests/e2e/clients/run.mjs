// The `openai` packages of Python and Node against the real binary, with a scripted model behind it. Requests are
// counted on both sides of the host: what a client repeats by itself shows.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request as ask } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { root, skillet, start } from "../host.mjs";
import { startUpstream } from "./upstream.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const python = join(root, "target/e2e/clients/bin/python3");

const data = mkdtempSync(join(tmpdir(), "skillet-clients-"));
const upstream = await startUpstream();
execFileSync(skillet, ["migrate", "--data-dir", data]);
const token = execFileSync(skillet, ["token", "create", "--name", "clients", "--data-dir", data], { encoding: "utf8" }).trim();
const model = (tier, name, paid) => ({
  [`SKILLET__GATEWAY__${tier}__BASE_URL`]: upstream.url,
  [`SKILLET__GATEWAY__${tier}__MODEL`]: name,
  [`SKILLET__GATEWAY__${tier}__API_KEY`]: "sk-of-the-scripted-model",
  [`SKILLET__GATEWAY__${tier}__PAID`]: paid,
});
const host = await start(data, {
  SKILLET__SKILLS__INSTALL: "[]",
  ...model("SMALL", "scripted", "no"),
  // It costs money and has no price, so that the gateway refuses to ask it.
  ...model("LARGE", "without-a-price", "yes"),
  ...model("EMBEDDING", "vectors", "no"),
});
const front = await startFront(new URL(host.url));
try {
  for (const [program, script] of [[python, "client.py"], [process.execPath, "client.mjs"]]) await run(program, script);
} finally {
  front.server.close();
  upstream.server.close();
  host.child.kill("SIGTERM");
  rmSync(data, { recursive: true, force: true });
}

function run(program, script) {
  const child = spawn(program, [join(here, script), `${front.url}/v1`, token], { stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (status) => (status === 0 ? resolve() : reject(new Error(`${script} failed (${status})`))));
  });
}

/** Hands everything on to the host and counts it; `/seen` tells what both sides were asked. */
async function startFront(address) {
  const requests = [];
  const server = createServer((request, response) => {
    if (request.url === "/v1/seen") {
      response.end(JSON.stringify({ host: requests.length, upstream: upstream.seen.requests.length, cut: upstream.seen.cut }));
      return;
    }
    requests.push(request.url);
    const { method, url: path, headers } = request;
    const onward = ask({ host: address.hostname, port: address.port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${server.address().port}` };
}
