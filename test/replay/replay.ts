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

/** Runs a recorded workflow again. @throws DeterminismViolationError where the code would have gone another way */
export async function replay(workflowBundle: WorkflowBundle, workflowId: string, history: string): Promise<void> {
  const options = { workflowBundle, dataConverter: { payloadConverterPath } };
  await Worker.runReplayHistory(options, JSON.parse(history), workflowId);
}
