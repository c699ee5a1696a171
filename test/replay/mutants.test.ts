import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundleWorkflows } from '../../workers/bundle.ts';
import { createLogger, installRuntime } from '../../workers/logger.ts';
import { withExtraTimer, withoutPatch, withPatch, withSwappedActivities } from './bundle-mutants.ts';
import { histories, patchedHistory, replay } from './replay.ts';

const logger = createLogger('error');
installRuntime(logger);

let bundle: WorkflowBundleWithSourceMap;

beforeAll(async () => {
  bundle = await bundleWorkflows(logger);
});

/** Runs that never came to an attempt: changes of how one begins are nothing to them. */
const unaffected = ['rejected-input'];
const affected = [...histories].filter(([name]) => !unaffected.includes(name));
const nondeterminism = /[Nn]ondeterminis/;

const mutants = {
  'an extra timer before an activity': () => withExtraTimer(bundle),
  'two activities swapped': () => withSwappedActivities(bundle),
  'a patch forgotten': () => withoutPatch(withPatch(bundle)),
};

describe.each(Object.entries(mutants))('%s', (_, mutated) => {
  test.each(affected)('would break the runs that are like %s, and is found', async (name, history) => {
    await expect(replay(mutated(), name, history)).rejects.toThrow(nondeterminism);
  });

  test.each(unaffected)('would not break those that are like %s', async (name) => {
    await replay(mutated(), name, histories.get(name) ?? '');
  });
});

describe('a patch that is there', () => {
  test.each([...histories])('lets the runs that are like %s go on', async (name, history) => {
    await replay(withPatch(bundle), name, history);
  });

  test('and those that began with it', async () => {
    await replay(withPatch(bundle), 'patched', patchedHistory());
  });

  test('taken away again, with or without what it brought, is found', async () => {
    for (const without of [bundle, withoutPatch(withPatch(bundle))]) {
      await expect(replay(without, 'patched', patchedHistory())).rejects.toThrow(nondeterminism);
    }
  });
});
