import { readdirSync, readFileSync } from 'node:fs';
import { Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { beforeAll, expect, test } from 'vitest';
import { bundleWorkflows, payloadConverterPath } from '../../workers/bundle.ts';
import { createLogger, installRuntime } from '../../workers/logger.ts';

const logger = createLogger('error');
installRuntime(logger);

const folder = new URL('./histories/', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));

let workflowBundle: WorkflowBundleWithSourceMap;

beforeAll(async () => {
  workflowBundle = await bundleWorkflows(logger);
});

const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8');

async function replay(name: string, history: string): Promise<void> {
  const workflowId = name.replace(/\.json$/, '');
  await Worker.runReplayHistory(
    { workflowBundle, dataConverter: { payloadConverterPath } },
    JSON.parse(history),
    workflowId,
  );
}

test('there are histories of a success, of preemptions and of a cancel', () => {
  expect(names).toEqual(expect.arrayContaining(['success.json', 'two-preemptions.json', 'cancel.json']));
});

test.each(names)('%s, recorded with an older version, replays', async (name) => {
  await replay(name, read(name));
});

test('a history of other code does not replay', async () => {
  const swapped = read('success.json').replaceAll('submitAttempt', 'stopAttempt');
  await expect(replay('success.json', swapped)).rejects.toThrow(/[Nn]ondeterminis/);
});
