import { z } from 'zod';
import { fieldIssue, type FieldIssue } from './issues.ts';
import { variableValue, type VariableValue } from './launch-spec.ts';
import { allowedBy, boundFields, violation } from './queue-bounds.ts';
import { queueIssue } from './queue-issue.ts';

type Json = z.core.util.JSONType;

export const variableName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, 'at most 64 letters, digits, "_" and "-", beginning with a letter');

/** What is left to submitters in the arguments of a queue: its value stands there for `{{name}}`. */
export const queueVariable = z
  .strictObject({
    type: z.enum(['string', 'integer', 'number', 'boolean'], 'string, integer, number or boolean'),
    ...boundFields,
    minimum: z.number('a number').optional(),
    maximum: z.number('a number').optional(),
    /** Where a submitter says nothing. Without one, each has to say. */
    default: variableValue.optional(),
    /** For people. */
    description: z.string().max(1_000, 'at most 1000 characters').optional(),
  })
  .check(({ value, issues }) => {
    for (const { key, message } of contradictions(value))
      issues.push({ code: 'custom', input: value[key], path: [key], message });
  });
export type QueueVariable = z.output<typeof queueVariable>;

export const queueVariables = z.record(variableName, queueVariable).default({});
export type QueueVariables = z.output<typeof queueVariables>;

type Wrong = { key: keyof QueueVariable; message: string };

function contradictions(variable: QueueVariable): Wrong[] {
  const { type, minimum, maximum } = variable;
  const isText = type === 'string';
  const isNumber = type === 'integer' || type === 'number';
  const wrong: Wrong[] = [];
  for (const key of ['minimum', 'maximum'] as const) {
    if (variable[key] !== undefined && !isNumber) wrong.push({ key, message: `not of a variable of type ${type}` });
  }
  if (variable.pattern !== undefined && !isText)
    wrong.push({ key: 'pattern', message: `not of a variable of type ${type}` });
  if (minimum !== undefined && maximum !== undefined && minimum > maximum)
    wrong.push({ key: 'maximum', message: `not below the minimum, ${String(minimum)}` });
  if (variable.enum?.some((value) => !isOf(type, value)) === true)
    wrong.push({ key: 'enum', message: `values of type ${type}` });
  if (wrong.length === 0 && variable.default !== undefined) {
    if (!isOf(type, variable.default)) wrong.push({ key: 'default', message: `of type ${type}` });
    else if (violation(variable, variable.default) !== undefined)
      wrong.push({ key: 'default', message: `allowed are ${allowedBy(variable)}` });
  }
  return wrong;
}

function isOf(type: QueueVariable['type'], value: VariableValue): boolean {
  switch (type) {
    case 'integer':
      return Number.isSafeInteger(value);
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'string':
    case 'boolean':
      return typeof value === type;
  }
}

/** The values of a queue's variables for a run, with their defaults. Each that is not one of them, not of its type or out of bounds is an issue. */
export function variableValues(
  declared: QueueVariables,
  given: Readonly<Record<string, VariableValue>>,
  queue: string,
): { values: Map<string, VariableValue>; issues: FieldIssue[] } {
  const values = new Map<string, VariableValue>();
  const issues: FieldIssue[] = [];
  const refuse = (name: string, what: string, instead: string, value = given[name]): void => {
    const issue = fieldIssue(['variables', name], { variables: value === undefined ? {} : { [name]: value } }, '');
    issues.push(queueIssue(queue, issue, { subject: `variable "${name}"`, what, instead }));
  };
  for (const [name, variable] of Object.entries(declared)) {
    const said = Object.hasOwn(given, name) ? given[name] : undefined;
    const value = said === undefined ? variable.default : typed(variable.type, said);
    if (value === undefined) {
      const allowed = allowedBy(variable);
      if (said === undefined)
        refuse(
          name,
          allowed === '' ? `of type ${variable.type}` : `allowed are ${allowed}`,
          `Set it (--var ${name}=...)`,
        );
      else refuse(name, `it must be of type ${variable.type}`, 'Choose another value');
      continue;
    }
    const wrong = violation(variable, value);
    if (wrong !== undefined) refuse(name, `allowed are ${wrong.allowed}`, `Choose ${wrong.choose}`, value);
    values.set(name, value);
  }
  for (const name of Object.keys(given).filter((each) => !Object.hasOwn(declared, each))) {
    const known = Object.keys(declared).join(', ') || 'none';
    refuse(name, `but the queue has no such variable: it has ${known}`, 'Leave it out');
  }
  return { values, issues };
}

/** A value as its variable's type has it. Undefined: it is none of that type. */
function typed(type: QueueVariable['type'], given: VariableValue): VariableValue | undefined {
  const value = typeof given === 'string' ? fromText(type, given) : given;
  return isOf(type, value) ? value : undefined;
}

function fromText(type: QueueVariable['type'], text: string): VariableValue {
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (type === 'string') return text;
  return /^[+-]?(\d+(\.\d+)?|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
}

const place = /\{\{\s*([A-Za-z][A-Za-z0-9_-]{0,63})\s*\}\}/g;
const onlyPlace = new RegExp(`^${place.source}$`);

/**
 * Puts values in the places of their names, in every text of a tree: where a text is nothing but `{{name}}`, the value itself, else its
 * text. Keys stay as they are, as do names without a value; what is put in is not looked at again.
 */
export function substitute(tree: Json, values: ReadonlyMap<string, VariableValue>): Json {
  if (typeof tree === 'string') return inText(tree, values);
  if (tree === null || typeof tree !== 'object') return tree;
  if (Array.isArray(tree)) return tree.map((each) => substitute(each, values));
  return Object.fromEntries(Object.entries(tree).map(([key, each]) => [key, substitute(each, values)]));
}

function inText(text: string, values: ReadonlyMap<string, VariableValue>): Json {
  const [, only = ''] = onlyPlace.exec(text) ?? [];
  return values.get(only) ?? text.replace(place, (written, name: string) => String(values.get(name) ?? written));
}

/** The names that stand in the texts of a tree, each with where it does. */
export function namesIn(tree: Json, path: readonly string[] = []): { name: string; path: string[] }[] {
  if (typeof tree === 'string') return [...tree.matchAll(place)].map(([, name = '']) => ({ name, path: [...path] }));
  if (tree === null || typeof tree !== 'object') return [];
  return Object.entries(tree).flatMap(([key, each]) => namesIn(each, [...path, key]));
}

/** Values that variables may have, to look at what becomes of a queue's arguments. `areSure`: each is one that its variable allows. */
export function sampleValues(declared: QueueVariables): { values: Map<string, VariableValue>; areSure: boolean } {
  const values = new Map<string, VariableValue>();
  let areSure = true;
  for (const [name, { type, enum: choices, minimum, maximum, ...variable }] of Object.entries(declared)) {
    const sure = variable.default ?? choices?.[0] ?? madeUp(type, minimum ?? maximum ?? 1);
    areSure &&= sure !== undefined;
    values.set(name, sure ?? 'x');
  }
  return { values, areSure };
}

function madeUp(type: QueueVariable['type'], bound: number): VariableValue | undefined {
  if (type === 'boolean') return true;
  return type === 'string' ? undefined : bound;
}
