import type { z } from 'zod';
import { isJsonMap, type JsonMap } from './merge-maps.ts';

type Json = z.core.util.JSONType;

/**
 * A schema of a job's inputs as pydantic writes it (`Model.model_json_schema()`), in W&B's part of JSON Schema: definitions where they are
 * referred to, `allOf` of one part as that part, lists of what is required at the inputs themselves, without defaults, which are the job's
 * configuration. All else stays, for the schema of inputs to refuse.
 */
export function preparedInputs(schema: JsonMap): JsonMap {
  const { $defs: definitions, ...root } = schema;
  return prepared(root, isJsonMap(definitions) ? definitions : {}, []);
}

function prepared(written: JsonMap, definitions: JsonMap, within: readonly string[]): JsonMap {
  const { schema, name } = referred(written, definitions, within);
  const inside = name === undefined ? within : [...within, name];
  const inner = (value: Json): Json => (isJsonMap(value) ? prepared(value, definitions, inside) : value);
  const { default: _, allOf, properties, items, required, ...rest } = schema;
  const parts = Array.isArray(allOf) ? allOf.map(inner) : allOf;
  const [part] = Array.isArray(parts) && parts.length === 1 ? parts : [];
  return {
    ...(isJsonMap(part) ? part : {}),
    ...rest,
    ...(parts === undefined || isJsonMap(part) ? {} : { allOf: parts }),
    ...(items === undefined ? {} : { items: inner(items) }),
    ...(properties === undefined ? {} : { properties: propertiesOf(properties, required, inner) }),
    ...(required === undefined || Array.isArray(required) ? {} : { required }),
  };
}

/** What a reference leads to, with what stands beside it; one that leads nowhere, or into itself, stays. */
function referred(
  written: JsonMap,
  definitions: JsonMap,
  within: readonly string[],
): { schema: JsonMap; name: string | undefined } {
  const { $ref, ...beside } = written;
  const name = typeof $ref === 'string' ? /^#\/\$defs\/(.+)$/.exec($ref)?.[1] : undefined;
  const found = name === undefined || !Object.hasOwn(definitions, name) ? undefined : definitions[name];
  if (name === undefined || !isJsonMap(found) || within.includes(name)) return { schema: written, name: undefined };
  return { schema: { ...found, ...beside }, name };
}

function propertiesOf(properties: Json, required: Json | undefined, inner: (value: Json) => Json): Json {
  if (!isJsonMap(properties)) return properties;
  const names = new Set(Array.isArray(required) ? required : []);
  return Object.fromEntries(
    Object.entries(properties).map(([name, each]) => {
      const input = inner(each);
      return [name, names.has(name) && isJsonMap(input) ? { ...input, required: true } : input];
    }),
  );
}
