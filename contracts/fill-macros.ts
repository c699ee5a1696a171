import type { z } from 'zod';

type Json = z.core.util.JSONType;

/** W&B's names for what a run is, and what it is; one without a value stays as it is written. Nothing of an agent's environment is among them. */
export type Macros = Partial<
  Record<'project_name' | 'entity_name' | 'run_id' | 'run_name' | 'author' | 'image_uri', string | undefined>
>;

/** Arguments that say where runs are: agents have to know them before there are any. */
export const fixedArguments: readonly string[] = ['namespace', 'context'];

/**
 * Puts what a run is where W&B's macros stand, `${run_id}`, in any text of a backend's arguments, at any depth. What submitters choose comes
 * in letters, digits, ".", "_" and "-" alone, so that it is one part of a path, one word, one value of a label.
 */
export function fillMacros<T extends Json>(args: T, macros: Macros): T {
  return filled(args, new Map(Object.entries(macros))) as T;
}

function filled(value: Json, macros: ReadonlyMap<string, string | undefined>): Json {
  if (typeof value === 'string') {
    return value.replace(/\$\{(\w+)\}/g, (macro, name: string) => {
      const given = macros.get(name);
      if (given === undefined) return macro;
      return name === 'image_uri' ? given : plain(given);
    });
  }
  if (Array.isArray(value)) return value.map((each) => filled(each, macros));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, fixedArguments.includes(key) ? inner : filled(inner, macros)]),
  );
}

const plain = (text: string): string =>
  text
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[.-]+/, '') || 'none';
