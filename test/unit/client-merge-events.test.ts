import { expect, test } from 'vitest';
import { merge } from '../../client/merge-events.ts';

async function* values<T>(...each: (T | Promise<T>)[]): AsyncGenerator<T, void> {
  for (const value of each) yield await value;
}

const never = new Promise<string>(() => undefined);

test('values come as they come, until all sources have ended', async () => {
  const seen: string[] = [];
  for await (const value of merge(values('a', 'b'), values('1'))) seen.push(value);
  expect(seen.sort()).toEqual(['1', 'a', 'b']);
});

test('one source that waits does not hold the others back, nor the end of the reader', async () => {
  for await (const value of merge(values(never), values('now'))) {
    expect(value).toBe('now');
    break;
  }
});

test('the failure of one is the failure of all', async () => {
  const broken = values<string>(Promise.reject(new Error('gone')));
  await expect(Array.fromAsync(merge(values(never), broken))).rejects.toThrow('gone');
});
