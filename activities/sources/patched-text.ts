import { isAlias, isMap, isScalar, parseDocument, Scalar, YAMLMap, YAMLSeq, type Document, type Node } from 'yaml';
import { isJsonMap, type JsonMap } from '../../contracts/merge-maps.ts';

/**
 * The text of a JSON or YAML file with a patch in it: maps come together, all else takes the place of what was there. What the patch does not
 * name keeps its value, type and comments: the file is read as text alone, so that no number or date becomes another one.
 * @throws Error saying why it cannot be patched
 */
export function patchedText(text: string, patch: JsonMap, format: 'json' | 'yaml'): string {
  if (format === 'json') JSON.parse(text);
  const document: Document = parseDocument(text, { schema: 'failsafe' });
  const [wrong] = document.errors;
  if (wrong !== undefined) throw new Error(wrong.message.split('\n')[0]);
  document.contents ??= new YAMLMap();
  if (!isMap(document.contents)) throw new Error('it holds no map');
  patchMap(document.contents, patch, []);
  return document.toString({ lineWidth: 0, doubleQuotedAsJSON: true });
}

function patchMap(map: YAMLMap, patch: JsonMap, path: readonly string[]): void {
  const pairs = new Map(
    map.items.flatMap((pair) => (isScalar(pair.key) ? [[String(pair.key.value), pair] as const] : [])),
  );
  for (const [key, value] of Object.entries(patch)) {
    const pair = pairs.get(key);
    const inner = [...path, key];
    if (isJsonMap(value) && (pair === undefined ? pairs.has('<<') : isAlias(pair.value)))
      throw new Error(
        `${inner.join('.')} is another map of the file, by an alias: it takes a map of its own to patch it`,
      );
    if (pair === undefined) map.add({ key: quoted(key), value: nodeOf(value) });
    else if (isJsonMap(value) && isMap(pair.value)) patchMap(pair.value, value, inner);
    else pair.value = nodeOf(value, pair.value);
  }
}

/** As JSON writes it, and so that YAML 1.1 (PyYAML) reads the same: a number has a dot before its exponent. `before`: what it takes the place of. */
function nodeOf(value: unknown, before?: unknown): Node {
  if (typeof value === 'string') return withComment(quoted(value), before);
  if (Array.isArray(value)) {
    const list = new YAMLSeq();
    list.items = value.map((each) => nodeOf(each));
    list.flow = true;
    return list;
  }
  if (isJsonMap(value)) {
    const map = new YAMLMap();
    for (const [key, inner] of Object.entries(value)) map.add({ key: quoted(key), value: nodeOf(inner) });
    return map;
  }
  return withComment(new Scalar(String(value).replace(/^(-?\d+)e/, '$1.0e')), before);
}

function quoted(text: string): Scalar {
  const node = new Scalar(text);
  node.type = 'QUOTE_DOUBLE';
  return node;
}

function withComment(node: Scalar, before: unknown): Scalar {
  if (isScalar(before) && before.comment != null) node.comment = before.comment;
  return node;
}
