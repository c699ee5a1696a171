import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { SearchAttributePair } from '@temporalio/common';
import { nameOf, type LaunchSpec, type LaunchSpecInput } from '../contracts/launch-spec.ts';
import { launchWorkflowType } from '../contracts/messages.ts';
import { fairnessKeyOf, priorityKeyOf } from '../contracts/priority.ts';
import { searchAttribute } from '../contracts/search-attributes.ts';
import { controlTaskQueue } from '../contracts/task-queues.ts';
import type { Relaunch } from './connect.ts';
import { asking } from './temporal-errors.ts';

export interface Start {
  workflowId: string;
  /** As the workflow gets it: not parsed, the agent does that again. */
  input: LaunchSpecInput;
  spec: LaunchSpec;
  memo: Record<string, string>;
  /** Another start of this workflow id is the same run, open or closed. */
  keyed: boolean;
}

/** Starts the workflow of a run; if it is keyed, and there is one, nothing happens. */
export async function startLaunch(relaunch: Relaunch, { workflowId, input, spec, memo, keyed }: Start): Promise<void> {
  const name = nameOf(spec);
  try {
    await asking(relaunch.settings.entity, undefined, () =>
      relaunch.temporal.workflow.start(launchWorkflowType, {
        workflowId,
        taskQueue: controlTaskQueue,
        args: [input],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: keyed ? 'USE_EXISTING' : 'FAIL',
        memo: { ...memo, name },
        typedSearchAttributes: attributesOf(spec),
        priority: priorityOf(spec),
        staticSummary: `${code(name.slice(0, 60))} on ${spec.queue}`,
        staticDetails: detailsOf(spec),
      }),
    );
  } catch (error) {
    if (!keyed || !(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

function attributesOf({ queue, project, user, tags }: LaunchSpec): SearchAttributePair[] {
  return [
    { key: searchAttribute.state, value: 'queued' },
    { key: searchAttribute.queue, value: queue },
    { key: searchAttribute.project, value: project },
    { key: searchAttribute.attempt, value: 1 },
    ...(user === undefined ? [] : [{ key: searchAttribute.user, value: user }]),
    ...(tags.length === 0 ? [] : [{ key: searchAttribute.tags, value: tags }]),
  ];
}

function priorityOf({ priority, user }: LaunchSpec): { priorityKey: number; fairnessKey?: string } {
  const fairnessKey = fairnessKeyOf(user);
  return { priorityKey: priorityKeyOf(priority), ...(fairnessKey === undefined ? {} : { fairnessKey }) };
}

function detailsOf(spec: LaunchSpec): string {
  const rows = [
    `- command: ${code([...spec.entrypoint, ...spec.args].join(' ').slice(0, 1_000))}`,
    `- code: ${code(spec.source.code.dir ?? spec.source.code.digest ?? '')}`,
    `- project: ${code(spec.project)}`,
    ...(spec.user === undefined ? [] : [`- user: ${code(spec.user)}`]),
  ];
  return rows.join('\n');
}

/** Text as a piece of markdown that is nothing but text. */
function code(text: string): string {
  return `\`${text.replace(/[`\s]+/g, (found) => (found.includes('`') ? "'" : ' '))}\``;
}
