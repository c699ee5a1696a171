import { readdirSync, readFileSync } from 'node:fs';
import { Worker, type WorkflowBundle } from '@temporalio/worker';
import { payloadConverterPath } from '../../workers/bundle.ts';

const folder = new URL('./histories/', import.meta.url);

/** What was recorded of each kind of run, by name. */
export const histories: ReadonlyMap<string, string> = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => [name.replace(/\.json$/, ''), readFileSync(new URL(name, folder), 'utf8')]),
);

/** Of the code that {@link patchedBundle} is. */
export const patchedHistory = (): string =>
  readFileSync(new URL('./histories/of-mutants/patched.json', import.meta.url), 'utf8');

/** Runs recorded workflows again, all on one worker: to start one takes longer than what it then does. Answers by name what stopped each: a DeterminismViolationError where the code would have gone another way. */
export async function replay(
  workflowBundle: WorkflowBundle,
  recorded: Iterable<readonly [string, string]>,
): Promise<ReadonlyMap<string, Error | undefined>> {
  const options = { workflowBundle, dataConverter: { payloadConverterPath } };
  const each = Array.from(recorded, ([workflowId, history]) => ({
    workflowId,
    history: JSON.parse(history) as unknown,
  }));
  const stopped = new Map<string, Error | undefined>();
  for await (const { workflowId, error } of Worker.runReplayHistories(options, each)) stopped.set(workflowId, error);
  if (stopped.size !== each.length) throw new Error(`${String(stopped.size)} of ${String(each.length)} were replayed`);
  return stopped;
}
