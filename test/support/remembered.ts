import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { Relaunch } from '../../client/index.ts';

/** Everything that Temporal has of a workflow, as text. */
export async function remembered({ temporal }: Relaunch, workflowId: string): Promise<string> {
  const json = historyToJSON(await temporal.workflow.getHandle(workflowId).fetchHistory());
  const payloads = [...json.matchAll(/"data":\s*"([^"]+)"/g)].map(([, data = '']) => Buffer.from(data, 'base64'));
  return [json, ...payloads.map(String)].join('\n');
}
