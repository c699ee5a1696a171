import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

const importsOf = (text: string): string[] =>
  [...text.matchAll(/^import (?!type )[^;]*?from '\.{1,2}\/(?:contracts\/)?([a-z-]+\.ts)';/gm)].map(
    ([, name = '']) => name,
  );

/** All modules of contracts that come with these. */
function withTheirs(names: readonly string[], seen = new Set<string>()): Set<string> {
  for (const name of names) {
    if (seen.has(name)) continue;
    seen.add(name);
    withTheirs(importsOf(read(`contracts/${name}`)), seen);
  }
  return seen;
}

test('every module with schemas that workflow threads load first is sealed there: what the SDK freezes of a schema would throw when it is used', () => {
  const preloaded = importsOf(read('workflows/preload.ts'));
  expect(preloaded.length).toBeGreaterThan(10);
  const withSchemas = [...withTheirs(preloaded)].filter((name) => read(`contracts/${name}`).includes("from 'zod'"));
  const types = /^import type \{[^}]*\} from 'zod';/m;
  expect(withSchemas.filter((name) => !types.test(read(`contracts/${name}`))).sort()).toEqual([...preloaded].sort());
});
