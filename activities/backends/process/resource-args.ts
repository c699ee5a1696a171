import { z } from 'zod';
import { RelaunchError } from '../../../contracts/failures.ts';
import { fieldIssues } from '../../../contracts/issues.ts';
import { argsIssues } from '../args-issues.ts';

/** `resourceArgs.process` of a queue. */
const processArgs = z.strictObject({
  /** The environment of all its jobs, over the agent's base and under the job's own. */
  env: z
    .record(
      z.string().regex(/^[^=\0]+$/, 'a name without "="'),
      // The value of a queue's variable has the type of that.
      z
        .union([z.string(), z.number(), z.boolean()], 'a text')
        .transform(String)
        .refine((text) => !text.includes('\0'), 'no NUL character'),
    )
    .default({}),
});

/** What is wrong with `resourceArgs.process`, a sentence for each field; empty: nothing. */
export function checkProcessArgs(args: unknown): string[] {
  const parsed = processArgs.safeParse(args ?? {});
  if (parsed.success) return [];
  return argsIssues('process', fieldIssues(parsed.error, args));
}

/** @throws RelaunchError AttemptRefused where the queue's arguments are not valid. */
export function parseProcessArgs(args: unknown): z.infer<typeof processArgs> {
  const wrong = checkProcessArgs(args);
  if (wrong.length > 0) throw new RelaunchError('AttemptRefused', wrong.join('\n'));
  return processArgs.parse(args ?? {});
}
