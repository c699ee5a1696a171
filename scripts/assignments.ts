import { isJsonMap } from '../contracts/merge-maps.ts';
import { ClientError } from '../client/index.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonMap = Record<string, Json>;

/**
 * Reads `--set key=value`: the value as JSON where it is some, else as text; dots in the key nest. Later ones win.
 * `base` is not changed. @throws ClientError bad-input
 */
export function setValues(base: JsonMap, assignments: readonly string[]): JsonMap {
  const values = structuredClone(base);
  for (const assignment of assignments) {
    const [key, text] = splitAssignment('--set', assignment);
    const path = key.split('.');
    if (path.some((part) => part === '' || part === '__proto__')) {
      throw new ClientError(
        'bad-input',
        `--set ${JSON.stringify(assignment)}: ${JSON.stringify(key)} is no key: names with single dots between them`,
      );
    }
    put(values, path, jsonOrText(text));
  }
  return values;
}

/** Reads `KEY=VALUE`, where the value may hold more of `=`. @throws ClientError bad-input */
export function splitAssignment(flag: string, assignment: string): [key: string, value: string] {
  const at = assignment.indexOf('=');
  if (at > 0) return [assignment.slice(0, at), assignment.slice(at + 1)];
  throw new ClientError('bad-input', `${flag} ${JSON.stringify(assignment)}: must be KEY=VALUE`);
}

function put(into: JsonMap, [first = '', ...rest]: string[], value: Json): void {
  if (rest.length === 0) {
    into[first] = value;
    return;
  }
  const inner = Object.hasOwn(into, first) ? into[first] : undefined;
  const map = isJsonMap(inner) ? inner : {};
  into[first] = map;
  put(map, rest, value);
}

function jsonOrText(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
