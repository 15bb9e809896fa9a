// The lists as they are kept: under `list/` and the list's key, an array of its items.

import { Failure, kv } from 'skillet';

/** With items of 200 characters all of them fit into the largest value that the host keeps. */
const MAX_ITEMS = 100;
const MAX_LISTS = 50;

const PREFIX = 'list/';

/** What was removed last, and by which call. */
const REMOVED = 'removed';

export function read(key: string): string[] {
  return kv.getJson<string[]>(PREFIX + key) ?? [];
}

export function keys(): string[] {
  return kv.keys(PREFIX, MAX_LISTS).map((key) => key.slice(PREFIX.length));
}

/** Adds what is not on the list yet. */
export function add(key: string, items: string[]): { added: string[]; all: string[] } {
  let added: string[] = [];
  const all = kv.update<string[]>(PREFIX + key, (before) => {
    if (before === null && keys().length >= MAX_LISTS) throw Failure.failed(`there are ${MAX_LISTS} lists already`);
    const present = new Set((before ?? []).map(folded));
    added = items.filter((item) => !present.has(folded(item)) && present.add(folded(item)));
    const after = [...(before ?? []), ...added];
    if (after.length > MAX_ITEMS) throw Failure.failed(`a list holds ${MAX_ITEMS} items at most`);
    return after;
  });
  return { added, all };
}

/** Takes off what `which` names, if that is one item; returns the items that it may mean, and what is left. */
export function remove(key: string, which: string, call: string): { meant: string[]; all: string[] } {
  // The second note is another one after the second is gone: a retry means the item of the first try.
  const begun = kv.getJson<{ call: string; item: string }>(REMOVED);
  const meant = begun?.call === call ? [begun.item] : find(read(key), which);
  if (meant.length !== 1) return { meant, all: read(key) };
  kv.setJson(REMOVED, { call, item: meant[0] });
  const all = kv.update<string[]>(PREFIX + key, (before) => before?.filter((item) => item !== meant[0]));
  return { meant, all: all ?? [] };
}

export function clear(key: string): void {
  kv.remove(PREFIX + key);
}

/** The item of that number or that name, or else those that contain the words. */
function find(items: string[], which: string): string[] {
  const wanted = folded(which);
  const exact = items.find((item) => folded(item) === wanted);
  if (exact !== undefined) return [exact];
  const numbered = items[placeOf(wanted, items.length)];
  return numbered !== undefined ? [numbered] : items.filter((item) => folded(item).includes(wanted));
}

const ORDINALS = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth'];
const ZH_ORDINALS = ['一', '二', '三', '四', '五', '六', '七', '八', '九', '十'];

/** The place that `2`, `note #2`, `the second one` or `第二条` means, from 0; -1 for a name. */
function placeOf(which: string, count: number): number {
  const ordinal = which
    .replace(/^(?:(?:the|item|note|number|no\.?)\s+|no\.?(?=\d)|#\s*|第\s*)*/u, '')
    .replace(/(?:\s+(?:one|item|note)|\s*[条條个個则項项])$/u, '')
    .replace(/(?<=\d)(?:st|nd|rd|th)$/u, '');
  if (ordinal === 'last' || /^最[后後]一$/u.test(ordinal)) return count - 1;
  return /^\d+$/.test(ordinal) ? Number(ordinal) - 1 : Math.max(ORDINALS.indexOf(ordinal), ZH_ORDINALS.indexOf(ordinal));
}

const folded = (text: string) => text.normalize('NFKC').toLowerCase();
