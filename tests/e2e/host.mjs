// The real binary, on a free port and with a folder of its own.
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const skillet = process.env.SKILLET_BIN ?? join(root, "target/debug/skillet");

/** Starts the host and waits for its address and the code of the first run. */
export function start(data, env) {
  const child = spawn(skillet, ["serve", "--data-dir", data], {
    env: {
      ...process.env,
      SKILLET__HTTP__LISTEN: "127.0.0.1:0",
      SKILLET__SKILLS__BUNDLE_DIR: join(root, "target/components"),
      ...env,
    },
  });
  let out = "";
  let log = "";
  child.stderr.on("data", (bytes) => { log += bytes; });
  return new Promise((resolve, reject) => {
    child.on("exit", (status) => reject(new Error(`skillet ended (${status}):\n${log}`)));
    child.stdout.on("data", (bytes) => {
      out += bytes;
      const url = out.match(/ready: (\S+)/)?.[1];
      const code = out.match(/code (\S+) there/)?.[1];
      if (url && code) resolve({ child, url, code });
    });
  });
}
