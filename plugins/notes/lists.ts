// The lists as they are kept: under `list/` and the list's key, an array of its items.

import { Failure, kv } from 'skillet';

/** With items of 200 characters all of them fit into the largest value that the host keeps. */
const MAX_ITEMS = 100;
const MAX_LISTS = 50;

const PREFIX = 'list/';

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
export function remove(key: string, which: string): { meant: string[]; all: string[] } {
  let wanted = which;
  let meant: string[] = [];
  const all = kv.update<string[]>(PREFIX + key, (before) => {
    meant = find(before ?? [], wanted);
    // A number means the item that it has now, also when the list changes meanwhile.
    if (meant.length === 1) [wanted] = meant as [string];
    return before !== null && meant.length === 1 ? before.filter((item) => item !== meant[0]) : undefined;
  });
  return { meant, all: all ?? read(key) };
}

export function clear(key: string): void {
  kv.remove(PREFIX + key);
}

/** The item of that number or that name, or else those that contain the words. */
function find(items: string[], which: string): string[] {
  const wanted = folded(which);
  const exact = items.find((item) => folded(item) === wanted);
  if (exact !== undefined) return [exact];
  const numbered = /^\d+$/.test(wanted) ? items[Number(wanted) - 1] : undefined;
  return numbered !== undefined ? [numbered] : items.filter((item) => folded(item).includes(wanted));
}

const folded = (text: string) => text.normalize('NFKC').toLowerCase();
