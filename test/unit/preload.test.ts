import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

/** What a module imports besides types, as paths from the root. */
function importsOf(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8');
  const specifiers = [...text.matchAll(/^import (?!type )[^;]*? from '([^']+)';/gms)].map(
    ([, specifier = '']) => specifier,
  );
  return specifiers.map((each) => (each.startsWith('.') ? join(path, '..', each) : each));
}

function reachedFrom(paths: readonly string[], seen = new Set<string>()): Set<string> {
  for (const path of paths.filter((each) => each.endsWith('.ts') && !seen.has(each))) {
    seen.add(path);
    reachedFrom(importsOf(path), seen);
  }
  return seen;
}

// The SDK freezes what it shares of modules that preload.ts does not seal: a schema there cannot even be used.
test('every module with schemas that workflows reach is preloaded', () => {
  const workflows = readdirSync(join(root, 'workflows')).filter((name) => name.endsWith('.ts'));
  const reached = reachedFrom(workflows.map((name) => `workflows/${name}`));
  const withSchemas = [...reached].filter((path) => path.startsWith('contracts/') && importsOf(path).includes('zod'));
  const preloaded = importsOf('workflows/preload.ts');
  expect(withSchemas.length).toBeGreaterThan(10);
  expect(withSchemas.filter((path) => !preloaded.includes(path))).toEqual([]);
});
