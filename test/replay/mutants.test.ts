import type { WorkflowBundle } from '@temporalio/worker';
import { beforeAll, describe, expect, test } from 'vitest';
import { createLogger, installRuntime } from '../../workers/logger.ts';
import { workflowBundle } from '../support/workflow-bundle.ts';
import {
  withExtraTimer,
  withOtherTrials,
  withoutPatch,
  withoutTrialPatch,
  withPatch,
  withSwappedActivities,
  withTimerBeforeTrials,
  withTrialPatch,
} from './bundle-mutants.ts';
import { histories, patchedHistory, replay } from './replay.ts';

const logger = createLogger('error');
installRuntime(logger);

let bundle: WorkflowBundle;

beforeAll(async () => {
  bundle = await workflowBundle();
});

const ofSweeps = [...histories].filter(([name]) => name.startsWith('sweep-'));
const ofRuns = [...histories].filter(([name]) => !name.startsWith('sweep-'));

/** What never came to an attempt, or a trial: changes of how one begins are nothing to it. */
const unaffected = ['rejected-input', 'build-failed', 'cancel-while-building', 'sweep-rejected'];
const isAffected = ([name]: [string, string]): boolean => !unaffected.includes(name);
const nondeterminism = /[Nn]ondeterminis/;

const mutantsOfRuns = {
  'an extra timer before an activity': () => withExtraTimer(bundle),
  'two activities swapped': () => withSwappedActivities(bundle),
  'a patch forgotten': () => withoutPatch(withPatch(bundle)),
};

const mutantsOfSweeps = {
  'an extra timer before a trial': () => withTimerBeforeTrials(bundle),
  'another order of trials': () => withOtherTrials(bundle),
  'a patch of trials forgotten': () => withoutTrialPatch(withTrialPatch(bundle)),
};

describe.each([
  ...Object.entries(mutantsOfRuns).map(([title, mutated]) => [title, mutated, ofRuns] as const),
  ...Object.entries(mutantsOfSweeps).map(([title, mutated]) => [title, mutated, ofSweeps] as const),
])('%s', (_, mutated, own) => {
  test.each(own.filter(isAffected))('would break what is like %s, and is found', async (name, history) => {
    await expect(replay(mutated(), name, history)).rejects.toThrow(nondeterminism);
  });

  test.each(own.filter((each) => !isAffected(each)))('would not break what is like %s', async (name, history) => {
    await replay(mutated(), name, history);
  });
});

describe('a patch that is there', () => {
  test.each([...histories])('lets what is like %s go on', async (name, history) => {
    await replay(withTrialPatch(withPatch(bundle)), name, history);
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
