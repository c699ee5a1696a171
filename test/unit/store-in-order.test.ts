import { expect, test } from 'vitest';
import { inOrder } from '../../store/in-order.ts';

const items = Array.from({ length: 100 }, (_, i) => i);

test('results come in the order of their items, whichever is done first, and never more than 16 are under way', async () => {
  let underWay = 0;
  let most = 0;
  const work = async (item: number): Promise<number> => {
    most = Math.max(most, ++underWay);
    for (let turns = item % 7; turns >= 0; turns--) await Promise.resolve();
    underWay--;
    return item * 2;
  };
  expect(await Array.fromAsync(inOrder(items, work))).toEqual(items.map((item) => item * 2));
  expect(most).toBe(16);
});

test('one that fails ends it, in its turn', async () => {
  const seen: number[] = [];
  const all = async (): Promise<void> => {
    for await (const item of inOrder(items, async (each) =>
      each < 30 ? each : Promise.reject(new Error(String(each))),
    ))
      seen.push(item);
  };
  await expect(all()).rejects.toThrow('30');
  expect(seen).toEqual(items.slice(0, 30));
});
