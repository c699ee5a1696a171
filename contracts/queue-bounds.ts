import { z } from 'zod';
import { compilePattern } from './pattern.ts';
import { quantityOf } from './resources.ts';

const amount = z.union([z.number(), z.string().min(1)], 'a number, or one with a unit');

/** Of texts: held against all of one. */
const pattern = z.string('a regular expression').check(({ value, issues }) => {
  try {
    compilePattern(value);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/^error parsing regexp: /, '') : String(cause);
    issues.push({ code: 'custom', input: value, message: `a regular expression of RE2: ${why}` });
  }
});

/** What bounds a value: keys of queues' variables and of what they let submitters set. */
export const boundFields = {
  enum: z
    .array(z.union([z.string(), z.number(), z.boolean()], 'a text, a number or a boolean'))
    .min(1, 'at least one value')
    .optional(),
  pattern: pattern.optional(),
  minimum: amount.optional(),
  maximum: amount.optional(),
};

export interface Bounds {
  enum?: readonly (string | number | boolean)[] | undefined;
  pattern?: string | undefined;
  minimum?: number | string | undefined;
  maximum?: number | string | undefined;
}

/** What is allowed, and what to choose instead. */
export interface Violation {
  allowed: string;
  choose: string;
}

/** A number as it is, a text by its unit. Undefined: it is no amount. */
export type Measure = (value: unknown) => number | undefined;

export const measureQuantity: Measure = (value) => {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? quantityOf(value) : undefined;
};

/** How a value is out of bounds; undefined where it is within. Of a list each one has to be. */
export function violation(bounds: Bounds, value: unknown, measure: Measure = measureQuantity): Violation | undefined {
  if (Array.isArray(value)) {
    for (const each of value as unknown[]) {
      const wrong = Array.isArray(each) ? otherwise(bounds) : violation(bounds, each, measure);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }
  if (bounds.enum?.some((one) => one === value) === false) return otherwise(bounds);
  if (bounds.pattern !== undefined && !(typeof value === 'string' && compilePattern(bounds.pattern).matches(value)))
    return otherwise(bounds);
  const [minimum, maximum] = [measure(bounds.minimum), measure(bounds.maximum)];
  if (minimum === undefined && maximum === undefined) return undefined;
  const measured = measure(value);
  if (measured === undefined) return otherwise(bounds);
  if (maximum !== undefined && measured > maximum) return { ...otherwise(bounds), choose: 'a smaller value' };
  if (minimum !== undefined && measured < minimum) return { ...otherwise(bounds), choose: 'a larger value' };
  return undefined;
}

const otherwise = (bounds: Bounds): Violation => ({ allowed: allowedBy(bounds), choose: 'another value' });

/** Bounds in words: `1 to 8`. */
export function allowedBy({ enum: values, pattern: shape, minimum, maximum }: Bounds): string {
  const parts = [
    ...(values === undefined ? [] : [cut(values.map(String).join(', '))]),
    ...(shape === undefined ? [] : [`what matches ${cut(shape)}`]),
    ...(minimum !== undefined && maximum !== undefined ? [`${String(minimum)} to ${String(maximum)}`] : []),
    ...(minimum !== undefined && maximum === undefined ? [`${String(minimum)} or more`] : []),
    ...(minimum === undefined && maximum !== undefined ? [`at most ${String(maximum)}`] : []),
  ];
  return parts.join(', ');
}

const cut = (words: string): string => (words.length <= 200 ? words : `${words.slice(0, 199)}…`);
