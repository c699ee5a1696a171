import { z } from 'zod';

/** A place among the `maxLive` of a queue. */
export const slot = z.object({
  /** Made anew whenever one is taken. */
  id: z.string(),
  /** Whose it is. */
  agent: z.string(),
  /** Changes while the agent keeps it for an attempt that it may be given: where it stands still, the agent is gone. */
  renewal: z.int(),
  /** Which has it, from its submit to its recorded end. */
  attempt: z.object({ run: z.string(), attempt: z.int(), uid: z.string() }).optional(),
});
export type Slot = z.infer<typeof slot>;

/** `slots/<queue>/places.json`: who lives in a queue with a limit, and who is about to. */
export const slotTable = z.object({ slots: z.array(slot).readonly() });
