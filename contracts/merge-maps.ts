import type { z } from 'zod';

type Json = z.core.util.JSONType;
export type JsonMap = Record<string, Json>;

/** Maps come together at any depth; of all else the later one holds, null too. */
export function mergeMaps(base: JsonMap, over: JsonMap): JsonMap {
  const merged = new Map<string, Json>(Object.entries(base));
  for (const [key, value] of Object.entries(over)) {
    const before = merged.get(key);
    merged.set(key, isJsonMap(before) && isJsonMap(value) ? mergeMaps(before, value) : value);
  }
  return Object.fromEntries(merged);
}

export const isJsonMap = (value: unknown): value is JsonMap =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
