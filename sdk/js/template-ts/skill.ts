import { type Call, Failure, kv } from 'skillet';

interface Input {
  name: string;
}

interface Output {
  /** What a person is shown, in the language of the call. */
  text: string;
  count: number;
}

export default function run(input: Input, call: Call): Output {
  const name = input.name.trim();
  if (name === '') {
    throw Failure.invalidInput(call.isChinese ? '名字不能为空' : 'the name is empty');
  }
  const count = kv.update<number>('count', (before) => (before ?? 0) + 1);
  const text = call.isChinese ? `你好，${name}！这是第 ${count} 次。` : `Hello, ${name}! This is time ${count}.`;
  return { text, count };
}
