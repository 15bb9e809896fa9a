// Makes the pages quicker. Every form works without it, except that a reply then comes on reload.
"use strict";

const csrf = document.body.dataset.csrf ?? "";

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

// What went wrong, in the language of the page.
const problems = JSON.parse(document.querySelector("[data-problems]")?.dataset.problems ?? "{}");
const titleOf = (problem) => problems[problem?.type?.split("/").pop()] ?? problem?.title;

// Small things on any page.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});
for (const control of document.querySelectorAll("[data-submit]")) {
  control.addEventListener("change", () => control.form.requestSubmit());
}
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.copied;
  });
}
// A search that answers while it is typed: only the place of what was found is replaced.
for (const form of document.querySelectorAll("[data-live]")) {
  let [asked, wait] = [0, 0];
  const look = async () => {
    const [mine, address] = [++asked, `${form.action}?${new URLSearchParams(new FormData(form))}`];
    const response = await fetch(address).catch(() => null);
    // An older answer may come later.
    if (!response?.ok || response.redirected || mine !== asked) return;
    const place = document.getElementById(form.dataset.live);
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById(place.id);
    if (mine !== asked) return;
    place.replaceChildren(...document.importNode(fresh, true).childNodes);
    history.replaceState(null, "", address);
  };
  const soon = (event) => {
    clearTimeout(wait);
    if (event.target.type === "search" && !event.isComposing) wait = setTimeout(look, 150);
  };
  form.addEventListener("input", soon);
  form.addEventListener("compositionend", soon);
}
// What a form brings is shown in its place, not on a page of its own.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.inline || event.defaultPrevented) return;
  event.preventDefault();
  const [button, place] = [form.querySelector("button"), document.getElementById(form.dataset.inline)];
  button.disabled = true;
  place.setAttribute("aria-busy", "true");
  const response = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) }).catch(() => null);
  button.disabled = false;
  place.removeAttribute("aria-busy");
  if (!response?.ok || response.redirected) return form.submit();
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById(place.id);
  place.replaceChildren(...document.importNode(fresh, true).childNodes);
});
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const main = document.getElementById("main");
if (main?.querySelector("[data-refresh]")) keepFresh();

// A page that is still to change is fetched again and again; what was opened on it stays open.
async function keepFresh() {
  let shown = "";
  for (let mark; (mark = main.querySelector("[data-refresh]")); ) {
    await sleep(Number(mark.dataset.refresh));
    const response = await fetch(location.href).catch(() => null);
    if (!response) continue;
    if (!response.ok || response.redirected) return location.reload();
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("main");
    if (fresh.innerHTML === shown) continue;
    shown = fresh.innerHTML;
    const [before, focused] = [folds(main), document.activeElement];
    main.replaceChildren(...document.importNode(fresh, true).childNodes);
    for (const [name, fold] of folds(main)) {
      fold.open = before.get(name)?.open ?? false;
      if (before.get(name)?.contains(focused)) fold.querySelector("summary").focus({ preventScroll: true });
    }
  }
}

// What can be opened, by its section and its place in it.
function folds(root) {
  const found = new Map();
  for (const section of root.querySelectorAll("section")) {
    const name = section.querySelector("h2")?.textContent;
    section.querySelectorAll("details").forEach((fold, at) => found.set(`${name} ${at}`, fold));
  }
  return found;
}

// Server-sent events over fetch, which unlike EventSource can post.
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += value;
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) {
      let name = "message";
      const data = [];
      for (const line of block.split(/\r?\n/)) {
        if (line.startsWith("event:")) name = line.slice(6).trim();
        else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
      }
      if (data.length) yield { name, data: JSON.parse(data.join("\n")) };
    }
  }
}

// Chat
const chat = document.querySelector("[data-chat]");
if (chat) startChat(JSON.parse(chat.dataset.words));

function startChat(words) {
  const [list, scroll, composer, say] = ["messages", "scroll", "composer", "say"].map((id) => document.getElementById(id));
  const nearEnd = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 120;
  const toEnd = () => { scroll.scrollTop = scroll.scrollHeight; };
  const keepEnd = (change) => { const stay = nearEnd(); change(); if (stay) toEnd(); };
  toEnd();

  // A message that came back and is sent again as it was keeps its key: it may have arrived.
  let back = null;
  // The first message makes the conversation; the next one waits in the composer until it is there.
  let opening = false;
  let held = false;

  // A reply that is still coming.
  function pending(item) {
    item.replaceChildren(make("p", "sr", words.agent));
    item.setAttribute("aria-busy", "true");
    const steps = item.appendChild(make("ul", "live-steps"));
    const now = steps.appendChild(make("li", "now", words.thinking));
    const bubble = item.appendChild(make("div", "bubble plain"));
    const stop = item.appendChild(make("button", "button stop", words.stop));
    const reply = { item, steps, now, bubble, stop, turn: item.dataset.pending, over: false };
    stop.type = "button";
    stop.hidden = !reply.turn;
    stop.addEventListener("click", () => halt(stop));
    return reply;
  }

  // The turn itself says that it stopped.
  async function halt(button) {
    button.disabled = true;
    const address = `/api/v1/conversations/${chat.dataset.conversation}/stop`;
    const response = await fetch(address, { method: "POST", headers: { "x-csrf-token": csrf } }).catch(() => null);
    if (!response?.ok) button.disabled = false;
  }

  function show(reply, { name, data }) {
    keepEnd(() => {
      if (name === "accepted") accept(reply, data);
      else if (name === "step") {
        const label = words.steps[data.name] ?? data.name;
        const about = data.detail?.skill ?? data.detail?.model;
        reply.steps.insertBefore(make("li", "", about ? `${label} ${about}` : label), reply.now);
        reply.now.textContent = words.thinking;
      } else if (name === "progress") {
        const share = data.total ? ` ${data.done}/${data.total}` : "";
        reply.now.textContent = `${data.skill}${share} ${data.note ?? ""}`.trim();
      } else if (name === "delta") reply.bubble.append(data.text);
      else if (name === "reset") reply.bubble.textContent = "";
    });
  }

  function accept(reply, { turn_id, conversation }) {
    reply.turn = turn_id;
    reply.stop.hidden = false;
    if (chat.dataset.conversation) return;
    chat.dataset.conversation = conversation;
    opening = false;
    composer.action = `/chat/${conversation}`;
    history.replaceState(null, "", `/chat/${conversation}`);
    const title = list.querySelector(".mine .bubble")?.textContent.split("\n")[0].slice(0, 60) ?? "";
    chat.querySelector("h1").textContent = title;
    const link = make("a");
    link.href = `/chat/${conversation}#end`;
    link.setAttribute("aria-current", "page");
    link.append(make("span", "name", title));
    const line = make("li");
    line.append(link);
    document.getElementById("conversation-list").prepend(line);
    if (held && say.value.trim()) composer.requestSubmit();
    held = false;
  }

  // Plain text is replaced by what the server made of it.
  async function finish(reply, text) {
    reply.over = true;
    reply.item.removeAttribute("aria-busy");
    const response = await fetch(`/chat/turns/${reply.turn}/reply`).catch(() => null);
    if (response?.ok && !response.redirected) {
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const made = page.querySelector("li.message");
      if (made) return keepEnd(() => reply.item.replaceWith(document.importNode(made, true)));
    }
    keepEnd(() => { reply.steps.remove(); reply.stop.remove(); reply.bubble.textContent = text; });
  }

  function fail(reply, text, detail) {
    reply.over = true;
    reply.item.removeAttribute("aria-busy");
    reply.steps.remove();
    reply.stop.remove();
    reply.bubble.className = "notice bad";
    reply.bubble.replaceChildren(text);
    if (detail) reply.bubble.append(make("span", "detail", detail));
  }

  async function follow(reply, response) {
    for await (const event of events(response)) {
      if (event.name === "done") return finish(reply, event.data.reply);
      if (event.name === "error") return fail(reply, titleOf(event.data.problem) ?? words.failed, event.data.problem?.detail);
      show(reply, event);
    }
  }

  // A lost connection does not stop the turn: look again, a little later each time.
  async function resume(reply) {
    for (let wait = 500; wait < 20000 && !reply.over; wait *= 2) {
      await sleep(wait);
      try {
        const response = await fetch(`/chat/turns/${reply.turn}/events`);
        if (response.redirected) return location.reload();
        reply.bubble.textContent = "";
        if (response.ok) await follow(reply, response);
      } catch { /* tried again above */ }
    }
    if (!reply.over) fail(reply, words.lost);
  }

  async function send(text) {
    document.getElementById("welcome")?.remove();
    const again = back?.text === text ? back : null;
    back = null;
    for (const item of again?.items ?? []) item.remove();
    const mine = make("li", "message mine");
    mine.append(make("p", "sr", words.you), make("div", "bubble plain", text));
    const theirs = make("li", "message theirs");
    list.append(mine, theirs);
    const reply = pending(theirs);
    toEnd();
    const key = again?.key ?? newKey();
    const body = { message: text, stream: true, key };
    if (chat.dataset.conversation) body.conversation = chat.dataset.conversation;
    else opening = true;
    const giveBack = (title, detail) => {
      fail(reply, title, detail);
      if (!body.conversation) opening = held = false;
      if (say.value) return;
      say.value = text;
      fit();
      back = { text, key, items: [mine, theirs] };
    };
    try {
      const response = await fetch("/api/v1/chat", {
        method: "POST",
        headers: { "content-type": "application/json", "x-csrf-token": csrf },
        body: JSON.stringify(body),
      });
      if (!response.ok) {
        const problem = await response.json().catch(() => ({}));
        if (response.status === 401) return location.assign("/login");
        return giveBack(titleOf(problem) ?? words.failed, problem.detail);
      }
      await follow(reply, response);
    } catch { /* the connection broke */ }
    if (reply.over) return;
    if (reply.turn) return resume(reply);
    giveBack(words.unsent);
  }

  function newKey() {
    return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  composer.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = say.value.trim();
    if (!text) return;
    if (opening) {
      held = true;
      return;
    }
    say.value = "";
    fit();
    send(text);
  });
  // Enter that ends the composition of a Chinese word is not Enter; 229 is how Safari says so.
  say.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    composer.requestSubmit();
  });
  const fit = () => {
    if (CSS.supports("field-sizing", "content")) return;
    say.rows = Math.min(8, say.value.split("\n").length);
  };
  say.addEventListener("input", fit);
  for (const button of document.querySelectorAll("[data-say]")) {
    button.addEventListener("click", () => { say.value = button.textContent; composer.requestSubmit(); });
  }
  for (const item of list.querySelectorAll("[data-pending]")) resume(pending(item));
}

// Upload
const upload = document.getElementById("upload");
if (upload) startUpload();

function startUpload() {
  const [file, bar, state, problem] = ["component", "upload-progress", "upload-state", "upload-problem"].map((id) => document.getElementById(id));
  const button = upload.querySelector("button");

  function send(component) {
    if (component.size > upload.dataset.maxMib * 2 ** 20) return refuse({ title: upload.dataset.tooLarge });
    const request = new XMLHttpRequest();
    request.open("POST", "/api/v1/skills");
    request.setRequestHeader("content-type", "application/wasm");
    request.setRequestHeader("x-csrf-token", csrf);
    problem.hidden = true;
    bar.hidden = state.hidden = false;
    bar.value = 0;
    state.textContent = state.dataset.sending;
    button.disabled = true;
    request.upload.onprogress = ({ loaded, total }) => { bar.value = (100 * loaded) / total; };
    request.upload.onload = () => { bar.removeAttribute("value"); state.textContent = state.dataset.checking; };
    request.onerror = () => refuse({});
    request.onload = () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* not from here */ }
      const review = answer.status === "review" ? `/versions/${answer.digest}` : "";
      if (request.status === 201) location.assign(`/skills/${answer.name}${review}`);
      else if (request.status === 401) location.assign("/login");
      else refuse(answer);
    };
    request.send(component);
  }

  function refuse(answer) {
    bar.hidden = state.hidden = true;
    button.disabled = false;
    problem.replaceChildren(titleOf(answer) ?? upload.dataset.failed, make("span", "detail", answer.detail ?? ""));
    for (const example of answer.examples ?? []) {
      problem.append(make("pre", "", JSON.stringify(example, null, 2)));
    }
    problem.hidden = false;
  }

  upload.addEventListener("submit", (event) => {
    event.preventDefault();
    if (file.files.length) send(file.files[0]);
  });
  for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
    upload.addEventListener(name, (event) => {
      event.preventDefault();
      upload.classList.toggle("over", name === "dragenter" || name === "dragover");
      if (name === "drop" && event.dataTransfer.files.length) send(event.dataTransfer.files[0]);
    });
  }
}
