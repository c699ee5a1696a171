import { randomBytes } from 'node:crypto';
import { base32Of, canonicalJson, sha256Hex } from '../contracts/hash.ts';
import { nameOf, type LaunchSpecInput } from '../contracts/launch-spec.ts';
import { keyedWorkflowId, newWorkflowId, runIdOf } from '../contracts/names.ts';
import { checkBounds, checkSpec } from './check-spec.ts';
import type { Relaunch } from './connect.ts';
import { ClientError } from './errors.ts';
import { startLaunch } from './start.ts';
import { upload } from './upload.ts';
import { withQueue } from './with-queue.ts';
import { asking } from './temporal-errors.ts';

export interface SubmitOptions {
  /** The same project and key are the same run: a second submission starts nothing and answers the first one's. */
  key?: string | undefined;
}

/** A run that was submitted. */
export interface Run {
  /** Names its objects, records and logs. */
  id: string;
  workflowId: string;
  queue: string;
  /** It was there before: same key. */
  attached: boolean;
  /** What the client could not check and left to the agent, in words. */
  notes: string[];
}

/**
 * Submits a run: checks the spec and the queue's bounds, uploads its code once, starts its workflow.
 * @throws RelaunchError LaunchRejected with every wrong field; ClientError where queue or Temporal are not there, or the key stands for another spec
 */
export async function submit(relaunch: Relaunch, input: LaunchSpecInput, { key }: SubmitOptions = {}): Promise<Run> {
  const spec = checkSpec(input);
  const notes = await withQueue(relaunch, spec.queue, (queue) => {
    checkBounds(spec, queue);
  });
  const packed: LaunchSpecInput = { ...input, source: await upload(relaunch, spec.source) };
  const random = base32Of(randomBytes(5));
  const workflowId = key === undefined ? newWorkflowId(nameOf(spec), random) : keyedWorkflowId(spec.project, key);
  const memo = { specDigest: digestOf(packed), submission: random };
  await startLaunch(relaunch, { workflowId, input: packed, spec, memo, keyed: key !== undefined });
  const attached = key !== undefined && (await isAttached(relaunch, workflowId, memo, key));
  return { id: runIdOf(workflowId), workflowId, queue: spec.queue, attached, notes };
}

/** Of what will run: where the code lay does not matter. */
function digestOf(input: LaunchSpecInput): string {
  const { code } = input.source;
  return sha256Hex(canonicalJson(code === undefined ? input : { ...input, source: { code: { digest: code.digest } } }));
}

async function isAttached(
  relaunch: Relaunch,
  workflowId: string,
  mine: Record<string, string>,
  key: string,
): Promise<boolean> {
  const { memo } = await asking(relaunch.settings.entity, workflowId, () =>
    relaunch.temporal.workflow.getHandle(workflowId).describe(),
  );
  if (memo?.['submission'] === mine['submission']) return false;
  if (memo?.['specDigest'] === mine['specDigest']) return true;
  throw new ClientError(
    'bad-input',
    `same key, different spec: ${JSON.stringify(key)} stands for run ${workflowId}, which was submitted with another spec. Choose another key, or submit the same spec.`,
  );
}
