import type { z } from 'zod';
import { fieldIssues, formatIssues } from './issues.ts';
import { unfitness } from './unfit-input.ts';

/** A spec that anybody may have written, as its schema has it; else what is wrong with it, every field with its value and rule. */
export function readSpec<T>(schema: z.ZodType<T>, input: unknown): { spec: T } | { wrong: string } {
  const unfit = unfitness(input);
  if (unfit !== undefined) return { wrong: unfit };
  const parsed = schema.safeParse(input);
  return parsed.success ? { spec: parsed.data } : { wrong: formatIssues(fieldIssues(parsed.error, input)) };
}
