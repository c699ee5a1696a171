import { beforeAll, expect, test } from 'vitest';
import { createLogger, installRuntime } from '../../workers/logger.ts';
import { workflowBundle } from '../support/workflow-bundle.ts';
import { histories, replay } from './replay.ts';
import { scenarios } from './scenarios.ts';
import { sweepScenarios } from './sweep-scenarios.ts';

const logger = createLogger('error');
installRuntime(logger);

let stopped: ReadonlyMap<string, Error | undefined>;

beforeAll(async () => {
  stopped = await replay(await workflowBundle(), histories);
});

test('there is a history of every way that a run or a sweep can go', () => {
  expect([...histories.keys()].sort()).toEqual(Object.keys({ ...scenarios, ...sweepScenarios }).sort());
});

test.each([...histories.keys()])('%s, recorded with an older version, replays', (name) => {
  expect(stopped.get(name)).toBeUndefined();
});
