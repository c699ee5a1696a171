import type { z } from 'zod';
import type { JsonMap } from './merge-maps.ts';

type Json = z.core.util.JSONType;

const forms = {
  args: (config) => config.map(([name, value]) => `--${name}=${pythonText(value)}`),
  args_no_equals: (config) => config.flatMap(([name, value]) => [`--${name}`, pythonText(value)]),
  args_no_hyphens: (config) => config.map(([name, value]) => `${name}=${pythonText(value)}`),
  args_no_boolean_flags: (config) =>
    config.flatMap(([name, value]) => {
      if (typeof value !== 'boolean') return [`--${name}=${pythonText(value)}`];
      return value ? [`--${name}`] : [];
    }),
  args_json: (config) => [JSON.stringify(Object.fromEntries(config))],
  args_append_hydra: (config) => config.map(([name, value]) => `+${name}=${pythonText(value)}`),
  args_override_hydra: (config) => config.map(([name, value]) => `++${name}=${pythonText(value)}`),
} satisfies Record<string, (config: readonly [string, Json][]) => string[]>;

type ConfigForm = keyof typeof forms;

/** How a configuration is written as arguments: by W&B's names, those of its sweeps' macros. */
export const configForms = Object.keys(forms) as ConfigForm[];

export const configArguments = (form: ConfigForm, config: JsonMap): string[] => forms[form](Object.entries(config));

/** A value as Python's `str` writes it: W&B's agents hand values over so, and programs have come to expect it. */
export function pythonText(value: Json): string {
  return typeof value === 'string' ? value : literal(value);
}

function literal(value: Json): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([key, inner]) => `${quoted(key)}: ${literal(inner)}`)
    .join(', ')}}`;
}

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replaceAll(quote, `\\${quote}`);
  return `${quote}${escaped}${quote}`;
}
