import type { WorkflowBundle } from '@temporalio/worker';
import { beforeAll, describe, expect, test } from 'vitest';
import { createLogger, installRuntime } from '../../workers/logger.ts';
import { once } from '../support/once.ts';
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
const isAffected = (name: string): boolean => !unaffected.includes(name);
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
  const stopped = once(() => replay(mutated(), own));
  const names = own.map(([name]) => name);

  test.each(names.filter(isAffected))('would break what is like %s, and is found', async (name) => {
    expect((await stopped()).get(name)?.message).toMatch(nondeterminism);
  });

  test.each(names.filter((name) => !isAffected(name)))('would not break what is like %s', async (name) => {
    expect((await stopped()).get(name)).toBeUndefined();
  });
});

describe('a patch that is there', () => {
  const stopped = once(() => replay(withTrialPatch(withPatch(bundle)), histories));

  test.each([...histories.keys()])('lets what is like %s go on', async (name) => {
    expect((await stopped()).get(name)).toBeUndefined();
  });

  const patched = [['patched', patchedHistory()]] as const;

  test('and those that began with it', async () => {
    expect((await replay(withPatch(bundle), patched)).get('patched')).toBeUndefined();
  });

  test('taken away again, with or without what it brought, is found', async () => {
    for (const without of [bundle, withoutPatch(withPatch(bundle))]) {
      expect((await replay(without, patched)).get('patched')?.message).toMatch(nondeterminism);
    }
  });
});
