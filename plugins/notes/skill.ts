import { type Call, Failure } from 'skillet';
import * as lists from './lists.ts';
import { DEFAULT_KEY, keyOf, nameOf, theList } from './names.ts';

interface Input {
  action: 'add' | 'show' | 'remove' | 'clear' | 'lists';
  list?: string;
  item?: string;
}

interface Output {
  text: string;
  list?: string;
  items?: string[];
  lists?: string[];
}

const MAX_ITEM_CHARS = 200;

export default function run({ action, list = DEFAULT_KEY, item = '' }: Input, call: Call): Output {
  if (action === 'lists') return overview(call);
  const key = keyOf(list);
  if (action === 'show') return show(key, call);
  if (action === 'clear') return clear(key, call);
  const items = action === 'remove' || key === DEFAULT_KEY ? [item.trim()] : split(item);
  if (!items[0]) throw Failure.invalidInput(call.isChinese ? '要写明是哪一项' : 'name the item');
  return action === 'add' ? add(key, items, call) : remove(key, items[0], call);
}

function add(key: string, items: string[], call: Call): Output {
  if (items.some((one) => one.length > MAX_ITEM_CHARS)) {
    throw Failure.invalidInput(call.isChinese ? `每项最多 ${MAX_ITEM_CHARS} 个字` : `an item has ${MAX_ITEM_CHARS} characters at most`);
  }
  const { added, all } = lists.add(key, items);
  const to = theList(key, call.isChinese);
  const names = enumerate(added.length > 0 ? added : items, call);
  const en = added.length > 0 ? `Added to ${to}: ${names}.` : `Already in ${to}: ${names}.`;
  const zh = added.length > 0 ? `已加到${to}：${names}。` : `${to}里已经有了：${names}。`;
  return { text: call.isChinese ? zh : en, list: key, items: all };
}

function show(key: string, call: Call): Output {
  const items = lists.read(key);
  const name = theList(key, call.isChinese);
  const numbered = items.map((item, at) => `${at + 1}. ${item}`);
  const en = items.length > 0 ? [`${capital(name)}:`, ...numbered] : [`${capital(name)} ${key === DEFAULT_KEY ? 'are' : 'is'} empty.`];
  const zh = items.length > 0 ? [`${name}：`, ...numbered] : [`${name}是空的。`];
  return { text: (call.isChinese ? zh : en).join('\n'), list: key, items };
}

function remove(key: string, which: string, call: Call): Output {
  const { meant, all } = lists.remove(key, which, call.id);
  const from = theList(key, call.isChinese);
  if (meant.length === 0) {
    throw Failure.invalidInput(call.isChinese ? `${from}里没有“${which}”` : `there is no “${which}” in ${from}`);
  }
  const names = enumerate(meant, call);
  if (meant.length > 1) {
    throw Failure.invalidInput(call.isChinese ? `要说明是哪一项：${names}` : `say which one: ${names}`);
  }
  return { text: call.isChinese ? `已从${from}删除：${names}。` : `Removed from ${from}: ${names}.`, list: key, items: all };
}

function clear(key: string, call: Call): Output {
  lists.clear(key);
  const name = theList(key, call.isChinese);
  return { text: call.isChinese ? `${name}已清空。` : `Cleared ${name}.`, list: key, items: [] };
}

function overview(call: Call): Output {
  const keys = lists.keys();
  const counted = keys.map((key) => {
    const name = nameOf(key, call.isChinese);
    const count = lists.read(key).length;
    return call.isChinese ? `${name}（${count}）` : `${name} (${count})`;
  });
  const none = call.isChinese ? '还没有清单。' : 'You have no lists yet.';
  const some = call.isChinese ? `你的清单：${counted.join('、')}。` : `Your lists: ${counted.join(', ')}.`;
  return { text: keys.length > 0 ? some : none, lists: keys };
}

const QUOTED = /"([^"]*)"|“([^”]*)”|「([^」]*)」/gu;

/** Between items: 和 as a word of its own, not in 柔和 or 和牛. */
const BETWEEN = /[,，、;；\n]|(?:^|\s+)and\s+|(?<=[^\s中柔温暖饱平缓调总])\s*和\s*(?=[^\s牛平服风睦谐])/iu;

/** `milk, eggs and bread`, `牛奶、鸡蛋和面包`; in quotation marks, `"salt and vinegar crisps"` is one item. */
function split(items: string): string[] {
  const quoted: string[] = [];
  const held = items.replace(QUOTED, (...found) => `\u{e000}${quoted.push(found.slice(1, 4).join('')) - 1}\u{e001}`);
  const whole = (part: string) => part.replace(/\u{e000}(\d+)\u{e001}/gu, (_, at) => quoted[Number(at)] ?? '').trim();
  return held.split(BETWEEN).map(whole).filter((part) => part !== '');
}

const enumerate = (items: string[], call: Call) => items.join(call.isChinese ? '、' : ', ');

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
