import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { cancelSignal, statusQuery } from '../../contracts/messages.ts';
import { runResult } from '../../contracts/run-result.ts';
import { builtImage, type Script } from '../support/scripted-agent.ts';
import { canceled, evicted, failureOf, ScriptedLaunches, succeeded } from '../support/scripted-launches.ts';

const launches = new ScriptedLaunches();

/** What a run ended with, how often it was built, and its attempts. */
async function ran(script: Script) {
  const handle = await launches.start(script);
  const result = runResult.parse(await handle.result());
  return { result, heard: launches.heard(handle) };
}

test('a run whose image is in its registry starts with it, and its result names it by digest', async () => {
  const { result, heard } = await ran({ builds: ['there'], attempts: [succeeded] });
  expect(result).toMatchObject({ state: 'succeeded', image: builtImage });
  expect(heard).toMatchObject({ builds: 1, submits: [1] });
});

test('an image that is not there is pushed by the host that built it', async () => {
  expect(await ran({ builds: ['pushed'], attempts: [succeeded] })).toMatchObject({
    result: { state: 'succeeded', image: builtImage },
    heard: { builds: 1 },
  });
});

test('a requeued run keeps its image: nothing is built again', async () => {
  expect(await ran({ builds: ['pushed'], attempts: [evicted, evicted, succeeded] })).toMatchObject({
    result: { requeues: 2, image: builtImage },
    heard: { builds: 1, submits: [1, 2, 3] },
  });
});

test('a builder that is gone before it has pushed: another one builds again', async () => {
  expect(
    await ran({ builds: ['gone', 'gone', 'pushed'], attempts: [succeeded], plan: { agentTimeoutMs: 500 } }),
  ).toMatchObject({
    result: { image: builtImage },
    heard: { builds: 3 },
  });
});

test('a build that fails ends the run in its own words, and nothing is submitted', async () => {
  const words = 'step 3 of 5, RUN make, ended with 2';
  const handle = await launches.start({
    builds: [ApplicationFailure.nonRetryable(words, 'BuildFailed')],
    attempts: [],
  });
  const { type, message, result } = await failureOf(handle);
  expect({ type, message }).toEqual({ type: 'BuildFailed', message: words });
  expect(result).toMatchObject({ state: 'failed', attempts: [] });
  expect(launches.heard(handle).submits).toEqual([]);
});

test('a builder that is away is waited for', async () => {
  const away = ApplicationFailure.create({ type: 'BuilderUnavailable', message: 'no daemon' });
  expect(await ran({ builds: [away, away, 'there'], attempts: [succeeded] })).toMatchObject({
    result: { state: 'succeeded' },
    heard: { builds: 3 },
  });
});

test('a build is a state of its own, and ends when its run is cancelled', async () => {
  const handle = await launches.start({ builds: ['hold'], attempts: [succeeded] });
  await expect.poll(async () => (await handle.query(statusQuery)).state, { timeout: 10_000 }).toBe('building');
  await handle.signal(cancelSignal, { by: 'ada' });
  expect(await canceled(handle)).toMatchObject({ state: 'cancelled', attempts: [] });
  const { events } = await handle.fetchHistory();
  expect(events?.filter((event) => event.activityTaskCanceledEventAttributes != null)).toHaveLength(1);
  expect(launches.heard(handle).submits).toEqual([]);
});
