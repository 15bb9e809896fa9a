// The first run, as a person does it: code, password, chat, upload, use the skill, look at its turn.
// Screenshots of every page, in both languages, light and dark, wide and on a phone.
import { chromium } from "playwright-core";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import assert from "node:assert/strict";
import { root, skillet, start } from "./host.mjs";

const shots = process.env.SKILLET_SCREENSHOTS ?? join(root, "target/e2e");
const chromiumPath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const password = "correct horse battery";
mkdirSync(shots, { recursive: true });
assert(existsSync(chromiumPath), `no browser at ${chromiumPath}; set CHROMIUM`);

const data = mkdtempSync(join(tmpdir(), "skillet-e2e-"));
let passed = 0;
// The other skills are in the gallery.
const host = await start(data, { SKILLET__SKILLS__INSTALL: '["calculator", "remember", "search_memory"]' });
const browser = await chromium.launch({
  executablePath: chromiumPath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

try {
  await firstRun();
  await tour();
  console.log(`${passed} passed, 0 failed`);
} finally {
  await browser.close();
  host.child.kill("SIGTERM");
  rmSync(data, { recursive: true, force: true });
}

async function check(what, action) {
  await action();
  passed += 1;
  console.log(`ok ${what}`);
}

async function shot(page, name) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  assert(!wide, `${name} scrolls sideways`);
  await page.screenshot({ path: join(shots, `${name}.png`) });
}

async function say(page, text, reply) {
  const before = await page.locator("#messages li.theirs:not(:has(.live-steps))").count();
  await page.fill("#say", text);
  await page.press("#say", "Enter");
  await page.waitForFunction((n) => document.querySelectorAll("#messages li.theirs:not(:has(.live-steps))").length > n, before);
  const said = await page.locator("#messages li.theirs").last().innerText();
  assert(said.includes(reply), `“${text}”: ${reply} is not in: ${said}`);
}

async function firstRun() {
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1200, height: 800 } });
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => { if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) problems.push(message.text()); });

  await check("a wrong code is refused", async () => {
    await page.goto(host.url);
    await shot(page, "setup-en");
    await setUp(page, "AAAA-AAAA");
    assert(await page.locator("[role=alert]").isVisible());
  });
  await check("the code makes the owner", async () => {
    await setUp(page, host.code);
    await page.waitForSelector("#say");
  });
  await check("chat answers in English and Chinese", async () => {
    await say(page, "what is 17.5% of 2340", "409.5");
    await say(page, "记住我住在上海", "上海");
    await say(page, "我住在哪里", "上海");
    await say(page, "Remember that my bike lock code is 7291", "7291");
    await say(page, "what's the code of my bike lock?", "7291");
    await shot(page, "first-chat-en");
  });
  await check("Enter during composition does not send", async () => {
    const before = await page.locator("#messages li.mine").count();
    await page.fill("#say", "ni hao");
    await page.locator("#say").dispatchEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true });
    await page.locator("#say").dispatchEvent("keydown", { key: "Enter", keyCode: 229, bubbles: true, cancelable: true });
    assert.equal(await page.locator("#messages li.mine").count(), before);
    await page.fill("#say", "");
  });
  await check("the conversation is there after a reload", async () => {
    await page.reload();
    assert((await page.locator("#messages").innerText()).includes("409.5"));
  });
  await check("a bad upload says what is wrong", async () => {
    await page.goto(`${host.url}/skills`);
    await page.setInputFiles("#component", { name: "bad.wasm", mimeType: "application/wasm", buffer: Buffer.from("not wasm") });
    await page.click("#upload button");
    await page.waitForSelector("#upload-problem:not([hidden])");
    assert(/WebAssembly/.test(await page.locator("#upload-problem").innerText()));
    await shot(page, "upload-refused-en");
  });
  await check("an upload answers in the next message", async () => {
    await page.goto(`${host.url}/chat`);
    await say(page, "greeter Grace", "don't know");
    await page.goto(`${host.url}/skills`);
    await page.setInputFiles("#component", greeterComponent());
    await page.click("#upload button");
    await page.waitForURL(/\/skills\/greeter\/versions/);
    await page.locator("button[value=activate]").click();
    await page.waitForURL(/\/skills\/greeter$/);
    await shot(page, "skill-en");
    await page.goto(`${host.url}/chat`);
    await say(page, "greeter Grace", "Hello, Grace!");
    await say(page, "greeter 小明", "你好，小明！");
  });
  await check("a skill can be tried on its page", async () => {
    await page.goto(`${host.url}/skills/greeter`);
    const form = page.locator("#try form");
    await form.locator("input:not([type=hidden]), textarea").first().fill("Margaret");
    await form.locator("button").click();
    await page.waitForLoadState();
    assert((await page.locator("main").innerText()).includes("Hello, Margaret!"));
    await shot(page, "skill-tried-en");
  });
  await check("a skill of the gallery is installed by one click and tried by an example", async () => {
    await page.goto(`${host.url}/skills`);
    const offer = page.locator("#gallery li", { has: page.locator("h3", { hasText: /^remind_me$/ }) });
    assert((await offer.innerText()).includes("Set reminders and jobs for the person"));
    await offer.scrollIntoViewIfNeeded();
    await shot(page, "gallery-en");
    await offer.locator("button").click();
    await page.waitForURL(/\/skills\/remind_me$/);
    assert((await page.locator("[role=status]").first().innerText()).includes("installed"));
    await page.getByRole("link", { name: "action: cancel" }).click();
    const form = page.locator("#try form");
    assert.equal(await form.locator("select").inputValue(), "cancel");
    assert.equal(await form.locator("[name='i:text']").inputValue(), "第二个提醒");
    await form.locator("[name='i:text']").fill("the second reminder");
    await form.locator("button").click();
    await page.locator("#try .facts").waitFor();
    assert(/You have no reminders/.test(await page.locator("#try .outcome").innerText()));
    assert.equal(await form.locator("[name='i:text']").inputValue(), "the second reminder");
    await shot(page, "playground-en");
    await page.goto(`${host.url}/skills`);
    assert.equal(await page.locator("#gallery h3", { hasText: /^remind_me$/ }).count(), 0);
  });
  await check("a version that asks for more waits, is reviewed and answers", async () => {
    await page.goto(`${host.url}/skills`);
    await page.setInputFiles("#component", widerGreeter());
    await page.click("#upload button");
    await page.waitForURL(/\/skills\/greeter\/versions\/[0-9a-f]{64}/);
    const review = await page.locator("main").innerText();
    for (const part of ["0.2.0", "0.1.0", "api.example.org", "api_key", "Greets somebody by name", "not set"]) {
      assert(review.includes(part), `${part} is not in the review: ${review}`);
    }
    await shot(page, "review-en");
    await page.goto(`${host.url}/chat`);
    await say(page, "greeter Grace", "Hello, Grace!");
    await page.goto(`${host.url}/skills/greeter`);
    await page.locator("#versions a.button.primary").click();
    await page.locator("button[value=activate]").click();
    await page.waitForURL(/\/skills\/greeter$/);
    const active = await page.locator("#versions li").first().innerText();
    assert(active.includes("0.2.0") && active.includes("answers now"), active);
  });
  await check("a secret is set, and is not shown", async () => {
    const form = page.locator("#secrets form:has([type=password])");
    await form.locator("[type=password]").fill("s3cret-of-a-test");
    await form.locator("button").click();
    await page.waitForLoadState();
    assert((await page.locator("#secrets").innerText()).includes("set by owner"));
    assert(!(await page.content()).includes("s3cret-of-a-test"));
    await shot(page, "secrets-en");
  });
  await check("the turn shows its steps", async () => {
    await page.goto(`${host.url}/turns`);
    await shot(page, "turns-en");
    await page.locator("main a[href^='/turns/']").first().click();
    const text = await page.locator("main").innerText();
    assert(/greeter/.test(text), text);
    await shot(page, "turn-en");
  });
  await check("logging out and in again", async () => {
    await page.locator("form[action='/logout'] button").first().click();
    await page.waitForURL(/\/login/);
    await shot(page, "login-en");
    await page.fill("[name=password]", "wrong password");
    await page.press("[name=password]", "Enter");
    assert(await page.locator("[role=alert]").isVisible());
    await page.fill("[name=password]", password);
    await page.press("[name=password]", "Enter");
    await page.waitForURL(/chat/);
  });
  await context.storageState({ path: join(data, "state.json") });
  assert.deepEqual(problems, [], "the pages reported problems");
  await context.close();
}

async function setUp(page, code) {
  await page.fill("[name=code]", code);
  await page.fill("[name=name]", "Ada");
  await page.fill("[name=password]", password);
  await page.fill("[name=repeated]", password);
  await page.press("[name=repeated]", "Enter");
  await page.waitForLoadState();
}

/** A new skill as the README's author makes it: from the template, built by the binary. */
function greeterComponent() {
  const run = (...args) => execFileSync(skillet, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  run("skill", "new", "greeter", "--dir", data, "--sdk", join(root, "sdk"));
  run("skill", "build", join(data, "greeter"), "--out", data, "--target-dir", join(root, "target/guests"));
  return join(data, "greeter.wasm");
}

/** The next version of that skill, which wants the network and a key. */
function widerGreeter() {
  const file = join(data, "greeter", "skill.toml");
  const wants = '[[secrets]]\nname = "api_key"\nhost = "api.example.org"\nheader = "authorization"\n';
  const manifest = readFileSync(file, "utf8")
    .replace('version = "0.1.0"', 'version = "0.2.0"')
    .replace("kv = true", 'kv = true\nhttp = ["api.example.org"]');
  writeFileSync(file, manifest.replace("[[triggers]]", `${wants}\n[[triggers]]`));
  execFileSync(skillet, ["skill", "build", join(data, "greeter"), "--out", data, "--target-dir", join(root, "target/guests")], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  return join(data, "greeter.wasm");
}

/** Every page, in both languages, on a phone and wide, light and dark. */
async function tour() {
  const pages = ["chat", "skills", "skills/calculator", "skills/remind_me?example=6", "skills/greeter", "approvals", "turns", "memory", "jobs", "telegram", "people", "usage", "budgets", "settings"];
  const views = [
    { name: "en", locale: "en-US", viewport: { width: 1200, height: 800 }, colorScheme: "light" },
    { name: "zh", locale: "zh-CN", viewport: { width: 1200, height: 800 }, colorScheme: "dark" },
    { name: "zh-phone", locale: "zh-CN", viewport: { width: 360, height: 740 }, colorScheme: "light" },
    { name: "en-phone", locale: "en-US", viewport: { width: 360, height: 740 }, colorScheme: "dark" },
  ];
  for (const { name, ...view } of views) {
    await check(`every page, ${name}`, async () => {
      const context = await browser.newContext({ ...view, storageState: join(data, "state.json") });
      const page = await context.newPage();
      for (const path of pages) {
        const response = await page.goto(`${host.url}/${path}`);
        assert.equal(response.status(), 200, path);
        const language = await page.evaluate(() => document.documentElement.lang);
        assert.equal(language.startsWith("zh"), view.locale === "zh-CN", `${path} is in ${language}`);
        await shot(page, `${path.replaceAll(/[/?=]/g, "-")}-${name}`);
      }
      await page.goto(`${host.url}/skills`);
      await page.locator("#gallery").scrollIntoViewIfNeeded();
      await shot(page, `gallery-${name}`);
      await page.goto(`${host.url}/skills/calculator?example=0`);
      await page.locator("#try form button").click();
      await page.locator("#try .facts").scrollIntoViewIfNeeded();
      await shot(page, `playground-${name}`);
      await page.goto(`${host.url}/skills/greeter`);
      await page.goto(`${host.url}${await page.locator("#versions a").first().getAttribute("href")}`);
      await shot(page, `review-${name}`);
      await page.goto(`${host.url}/chat`);
      const link = page.locator("#conversation-list a").first();
      const target = await link.getAttribute("href");
      await page.goto(`${host.url}${target}`);
      await shot(page, `conversation-${name}`);
      await page.goto(`${host.url}/turns`);
      await page.goto(`${host.url}${await page.locator("main a[href^='/turns/']").first().getAttribute("href")}`);
      await shot(page, `turn-${name}`);
      await context.close();
    });
  }
}
