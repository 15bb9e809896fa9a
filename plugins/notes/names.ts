// What lists are called. A list has one key whichever language it is named in.

const KNOWN = [
  { key: 'shopping', zh: '购物', also: ['shop', 'grocery', 'groceries', '采购', '採購', '購物', '买菜', '買菜'] },
  { key: 'to-do', zh: '待办', also: ['todo', 'to do', 'task', 'tasks', '待辦', '任务', '任務', '代办'] },
  { key: 'packing', zh: '行李', also: ['打包'] },
  { key: 'notes', zh: '笔记', also: ['note', '', '笔记本', '筆記', '备忘', '備忘', '备忘录', '備忘錄', '便签'] },
];

export const DEFAULT_KEY = 'notes';

const AROUND_NAME = /^(?:(?:my|our|the)\s+|我的|我们的|我們的)+|\s*(?:lists?|清[单單]|列表)$/gu;

/** `My Shopping list` and `购物清单` are both `shopping`. */
export function keyOf(name: string): string {
  const bare = name.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim().replace(AROUND_NAME, '').trim();
  return KNOWN.find(({ key, zh, also }) => key === bare || zh === bare || also.includes(bare))?.key ?? bare;
}

/** The name alone, as in a list of lists. */
export function nameOf(key: string, isChinese: boolean): string {
  const known = KNOWN.find((list) => list.key === key);
  return isChinese && known ? known.zh : key;
}

/** The list in a sentence. */
export function theList(key: string, isChinese: boolean): string {
  const name = nameOf(key, isChinese);
  if (key === DEFAULT_KEY) return isChinese ? name : `your ${name}`;
  return isChinese ? `${name}清单` : `your ${name} list`;
}
