import { z } from 'zod';

/** Design.md section 4: the retry loop is capped at five requeues after the first submission, six attempts in all. */
export const mostRequeues = 5;

/** Preemptions after which a run is requeued unless its queue says otherwise: those in which the cluster took the machine and said so. */
export const defaultRequeueOn = ['EvictionByEvictionAPI', 'PreemptionByScheduler', 'TerminationByKubelet'] as const;

const rule =
  'one of EvictionByEvictionAPI, PreemptionByScheduler, TerminationByKubelet, DeletionByTaintManager, DeletionByPodGC, node-lost, agent-lost, vanished, exit:<code>';

/** A reason that may be requeued: Kubernetes' DisruptionTarget reasons, reasons of a lost attempt, or `exit:<code>` for a job that saved itself and left. */
export const requeueReason = z.union(
  [
    z.enum([...defaultRequeueOn, 'DeletionByTaintManager', 'DeletionByPodGC', 'node-lost', 'agent-lost', 'vanished']),
    z.string().regex(/^exit:([1-9]\d{0,2})$/, rule),
  ],
  { error: rule },
);

/** `max`: counted requeues, 0 to 5. `on`: the reasons that lead to one. */
export const requeuePolicy = z.strictObject({
  max: z.int().min(0, '0 to 5').max(mostRequeues, '0 to 5: a run is requeued at most five times'),
  on: z.array(requeueReason),
});
export type RequeuePolicy = z.infer<typeof requeuePolicy>;
