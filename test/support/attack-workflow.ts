import {
  ActivityFailure,
  ApplicationFailure,
  condition,
  defineQuery,
  defineSignal,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';

/** One activity that a hand-made workflow schedules, with whatever arguments, on whatever task queue. */
export interface Call {
  activity: string;
  taskQueue: string;
  args: unknown[];
  priority?: { priorityKey?: number; fairnessKey?: string };
  /** How long it may take; default 20 s. */
  timeoutMs?: number;
}

/** How it ended. */
export type Answer = { value: unknown } | { type: string; message: string };

export const callSignal = defineSignal<[string, Call]>('call');
/** The answers that have come. */
export const answersQuery = defineQuery<Record<string, Answer>>('answers');
export const leaveSignal = defineSignal('leave');

/** Schedules activities as it is told, each at once, and answers how all of them ended when it is told to leave. Does nothing of its own accord. */
export async function attack(): Promise<Record<string, Answer>> {
  const answers: Record<string, Answer> = {};
  let open = 0;
  let leaving = false;
  setHandler(callSignal, async (name, call) => {
    open++;
    answers[name] = await answerOf(call);
    open--;
  });
  setHandler(leaveSignal, () => {
    leaving = true;
  });
  setHandler(answersQuery, () => answers);
  await condition(() => leaving && open === 0);
  return answers;
}

async function answerOf({ activity, taskQueue, args, priority, timeoutMs = 20_000 }: Call): Promise<Answer> {
  const activities = proxyActivities<Record<string, (...args: unknown[]) => Promise<unknown>>>({
    taskQueue,
    startToCloseTimeout: timeoutMs,
    retry: { maximumAttempts: 1 },
    ...(priority === undefined ? {} : { priority }),
  });
  try {
    return { value: (await activities[activity]?.(...args)) ?? null };
  } catch (error) {
    const cause = error instanceof ActivityFailure ? error.cause : error;
    const type = cause instanceof ApplicationFailure ? (cause.type ?? '') : (cause as Error).name;
    return { type, message: (cause as Error).message };
  }
}
