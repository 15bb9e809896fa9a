// What a person reads of an HTML page. A parser in JavaScript takes ten times the fuel of the engine's own regular
// expressions, too much for a page of usual length, so one of those cuts the page into tags and text.

import { decodeHTML } from 'entities';
import { resolve } from 'fast-uri';

const TOKEN = /<!--[^]*?(?:-->|$)|<[!?][^>]*>|<(\/?)([a-z][^\s\/>]*)([^<>"']*(?:(?:"[^"]*"|'[^']*')[^<>"']*)*)>|[^<]+|</gi;

const HREF = /(?:^|\s)href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i;

/** Elements whose text nobody sees, or nobody reads. */
const UNSEEN = words('script style noscript template svg iframe object canvas select textarea');
/** Around what the page is about. */
const AROUND = words('nav footer aside form button dialog menu');
const CONTENT = words('article main');

const LINES = words('br tr dt dd div section figcaption summary');
const PARAGRAPHS = words('p h1 h2 h3 h4 h5 h6 ul ol dl table pre blockquote article main hr');

/** Stands for the end of a line until all other space is one space. */
const LINE = '\ue000';

/** To make an address whole takes as much fuel as a thousand characters. */
const MAX_LINKS = 30;

/** What is taken for the content but is shorter than this is not all of it. */
const MIN_CONTENT_CHARS = 200;

/**
 * Returns the title, the text, the links in it as `{ text, url }`, and whether there is more: what is far beyond `max`
 * characters is not read.
 */
export function read(html, url, max) {
  const marked = html.includes('<article') || html.includes('<main');
  const page = { base: url, title: '', whole: part(), content: part(), around: 0, within: marked ? 0 : 1, pre: 0 };
  TOKEN.lastIndex = 0;
  for (let token; page.content.length < 2 * max && (token = TOKEN.exec(html)); ) {
    const [text, slash, tag, attributes] = token;
    if (tag) element(page, html, tag, slash !== '', attributes);
    else if (!/^<[!?]/.test(text)) write(page, decoded(page.pre > 0 ? text.replaceAll('\n', LINE) : text));
  }
  const cut = page.content.length >= 2 * max;
  const content = tidy(page.content);
  const [text, chosen] = content.length < MIN_CONTENT_CHARS ? [tidy(page.whole), page.whole] : [content, page.content];
  return { title: oneLine(page.title), text, links: links(chosen, page.base), cut };
}

const part = () => ({ texts: [], length: 0, links: [], begun: null });

function words(text) {
  return new Set(text.split(' '));
}

function element(page, html, written, closing, attributes) {
  const tag = written.toLowerCase();
  if (tag === 'title' && !closing) {
    const inner = skip(html, written);
    page.title ||= decoded(inner);
  } else if (UNSEEN.has(tag) && !closing) {
    if (!attributes.endsWith('/')) skip(html, written);
  } else if (tag === 'base' && !closing) {
    page.base = absolute(page.base, address(attributes)) ?? page.base;
  } else if (tag === 'a') {
    const href = closing ? '' : address(attributes);
    anchor(page.whole, href);
    if (isContent(page)) anchor(page.content, href);
  } else {
    const step = closing ? -1 : 1;
    if (AROUND.has(tag)) page.around = Math.max(0, page.around + step);
    write(page, gap(tag, closing));
    if (CONTENT.has(tag)) page.within = Math.max(0, page.within + step);
    if (tag === 'pre') page.pre = Math.max(0, page.pre + step);
  }
}

function gap(tag, closing) {
  if (tag === 'li') return closing ? LINE : `${LINE}- `;
  if (tag === 'td' || tag === 'th') return ' ';
  return PARAGRAPHS.has(tag) ? LINE + LINE : LINES.has(tag) ? LINE : '';
}

/** Goes on at the end tag of the element that just began; returns what is in it. */
function skip(html, tag) {
  const start = TOKEN.lastIndex;
  const end = html.indexOf(`</${tag}`, start);
  TOKEN.lastIndex = end < 0 ? html.length : end;
  return html.slice(start, TOKEN.lastIndex);
}

const isContent = (page) => page.within > 0 && page.around === 0;

function write(page, text) {
  if (text === '') return;
  add(page.whole, text);
  if (isContent(page)) add(page.content, text);
}

function add(part, text) {
  part.texts.push(text);
  part.length += text.length;
}

/** Ends the link that is begun, and begins one if there is an address. */
function anchor(part, href) {
  if (part.begun) part.links.push({ href: part.begun.href, text: oneLine(part.texts.slice(part.begun.at).join('')) });
  part.begun = href && { href, at: part.texts.length };
}

/** Each address once, with the first text. */
function links(part, base) {
  const found = new Map();
  for (const { href, text } of part.links) {
    if (found.size === MAX_LINKS) break;
    if (text === '' || href.startsWith('#') || found.has(href)) continue;
    const url = absolute(base, href);
    if (url) found.set(href, { text, url });
  }
  return [...found.values()];
}

/** None for what is no page, such as `mailto:`, and for what is no address at all. */
function absolute(base, href) {
  try {
    const url = resolve(base, href.trim());
    return /^https?:/i.test(url) ? url : null;
  } catch {
    return null;
  }
}

function address(attributes) {
  const found = HREF.exec(attributes);
  return found ? decoded(found[1] ?? found[2] ?? found[3]) : '';
}

const decoded = (text) => (text.includes('&') ? decodeHTML(text) : text);

const oneLine = (text) => text.replace(/\s+/g, ' ').trim();

/** Lines without spaces around them, and at most one empty line after another. */
function tidy({ texts }) {
  const text = oneLine(texts.join('')).replace(/ ?\ue000 ?/g, '\n');
  return text.replace(/^-\n+/gm, '- ').replace(/\n{3,}/g, '\n\n').trim();
}
