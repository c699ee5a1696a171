import type { WorkflowBundle } from '@temporalio/worker';
import { beforeAll, expect, test } from 'vitest';
import { createLogger, installRuntime } from '../../workers/logger.ts';
import { workflowBundle } from '../support/workflow-bundle.ts';
import { histories, replay } from './replay.ts';
import { scenarios } from './scenarios.ts';
import { sweepScenarios } from './sweep-scenarios.ts';

const logger = createLogger('error');
installRuntime(logger);

let bundle: WorkflowBundle;

beforeAll(async () => {
  bundle = await workflowBundle();
});

test('there is a history of every way that a run or a sweep can go', () => {
  expect([...histories.keys()].sort()).toEqual(Object.keys({ ...scenarios, ...sweepScenarios }).sort());
});

test.each([...histories])('%s, recorded with an older version, replays', async (name, history) => {
  await replay(bundle, name, history);
});
