import { appendFile, mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { outputFile, type OutputFile } from '../../activities/backends/process/output-file.ts';

const mebibyte = 1024 * 1024;

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'relaunch-output-'));
  path = join(directory, 'stdout');
});
afterEach(() => rm(directory, { recursive: true }));

/** A file of that size that takes no room, with a text at its end. */
async function largeFile(bytes: number, end: string): Promise<void> {
  const file = await open(path, 'w');
  await file.truncate(bytes - end.length);
  await file.close();
  await appendFile(path, end);
}

async function readAll(file: OutputFile): Promise<string> {
  let text = '';
  for (let next = await file.next(true); next !== undefined; next = await file.next(true)) {
    text += next.chunk.toString();
    file.take(next.chunk.length);
  }
  return text;
}

test('a file that is written faster than read is emptied, and what was not read of it comes before what follows', async () => {
  await largeFile(300 * mebibyte, 'unread\n');
  const file = outputFile(path, 300 * mebibyte - 7);
  expect(await file.shrink(false)).toBe(0);
  expect((await stat(path)).size).toBe(0);
  await appendFile(path, 'after\n');
  expect(await readAll(file)).toBe('unread\nafter\n');
  expect(file.offset).toBe(6);
});

test('of what nobody can catch up with, the end is kept and the rest counted', async () => {
  await largeFile(300 * mebibyte, 'end\n');
  const file = outputFile(path, 10);
  expect(await file.skip()).toBe(299 * mebibyte - 10);
  expect(await file.shrink(false)).toBe(0);
  expect((await stat(path)).size).toBe(300 * mebibyte);
  const rest = await readAll(file);
  expect(rest).toHaveLength(mebibyte);
  expect(rest.endsWith('end\n')).toBe(true);
});

test('what is dropped is counted, also of what was carried over', async () => {
  await largeFile(300 * mebibyte, 'first\n');
  const file = outputFile(path, 300 * mebibyte - 6);
  await file.shrink(false);
  await largeFile(300 * mebibyte, 'second\n');
  expect(await file.shrink(false)).toBe(299 * mebibyte + 6);
  expect(await readAll(file)).toHaveLength(mebibyte);
});

test.each([
  ['below 64 MiB', 60, true, 60],
  ['not yet safe elsewhere', 70, false, 70],
  ['read, safe and large', 70, true, 0],
])('a file is emptied only when it has to be: %s', async (_, size, safe, left) => {
  await largeFile(size * mebibyte, 'x');
  expect(await outputFile(path, size * mebibyte).shrink(safe)).toBe(0);
  expect((await stat(path)).size).toBe(left * mebibyte);
});

test('a file that was emptied by somebody else is read from its beginning', async () => {
  await appendFile(path, 'short');
  const file = outputFile(path, 1_000);
  expect(await readAll(file)).toBe('short');
});

test('a file that is not there has nothing', async () => {
  expect(await outputFile(path, 0).next(false)).toBeUndefined();
});
