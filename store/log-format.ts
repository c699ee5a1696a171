import { z } from 'zod';

/**
 * One line of a job, in `attempts/<n>/log/<seq>.jsonl`. The last line of each object carries `cursor`, the backend's mark of the
 * place behind it: an object is written whole or not at all, so a follower that died goes on exactly there.
 */
export const logLine = z.object({
  t: z.string(),
  s: z.enum(['stdout', 'stderr']),
  c: z.string().optional(),
  m: z.string(),
  cursor: z.string().optional(),
});
export type LogLine = z.infer<typeof logLine>;
