import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OwnWorkflow } from '../../activities/dependencies.ts';
import { longTimeout } from '../../activities/long-timeout.ts';
import type { PlannedAttempt } from '../../activities/own-attempt.ts';
import { PhaseReporter } from '../../activities/phase-reporter.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const own = { plan: { workflowId: 'w' }, runId: 'r', ref: { attempt: 2 } } as PlannedAttempt;
const at = '2026-01-01T00:00:00.000Z';
const starting = { phase: 'starting', at } as const;
const running = { phase: 'running', node: 'n', at } as const;

function listening(failures = 0): { workflow: OwnWorkflow; heard: unknown[]; tries: () => number } {
  const heard: unknown[] = [];
  let tries = 0;
  const workflow: OwnWorkflow = {
    observed: (...args) => {
      if (++tries <= failures) return Promise.reject(new Error('away'));
      return Promise.resolve(void heard.push(args));
    },
    preempt: () => Promise.resolve(),
    find: () => Promise.resolve(undefined),
  };
  return { workflow, heard, tries: () => tries };
}

describe('the workflow', () => {
  test('hears of a phase once it has lasted a second, and once', async () => {
    const { workflow, heard } = listening();
    const reporter = new PhaseReporter(workflow, own);
    reporter.enter(running);
    await vi.advanceTimersByTimeAsync(999);
    expect(heard).toEqual([]);
    reporter.enter(running);
    await vi.advanceTimersByTimeAsync(1);
    expect(heard).toEqual([['w', 'r', { attempt: 2, ...running }]]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(heard).toHaveLength(1);
  });

  test('does not hear of a phase that another followed within a second', async () => {
    const { workflow, heard } = listening();
    const reporter = new PhaseReporter(workflow, own);
    reporter.enter(starting);
    await vi.advanceTimersByTimeAsync(900);
    reporter.enter(running);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(heard).toEqual([['w', 'r', { attempt: 2, ...running }]]);
  });

  test('hears at once where that was asked for', async () => {
    const { workflow, heard } = listening();
    const reporter = new PhaseReporter(workflow, own, 0);
    reporter.enter(starting);
    await reporter.sent();
    expect(heard).toHaveLength(1);
  });

  test('is told again until it hears', async () => {
    const { workflow, heard, tries } = listening(3);
    const reporter = new PhaseReporter(workflow, own, 0);
    reporter.enter(running);
    await reporter.sent();
    await vi.advanceTimersByTimeAsync(6_000);
    expect([tries(), heard.length]).toEqual([4, 1]);
  });

  test('is not told of a phase that has passed meanwhile', async () => {
    const { workflow, heard } = listening(1);
    const reporter = new PhaseReporter(workflow, own, 0);
    reporter.enter(starting);
    reporter.enter(running);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(heard).toEqual([['w', 'r', { attempt: 2, ...running }]]);
  });

  test.each([0, 1])('hears nothing after the end, with %i failures before', async (failures) => {
    const { workflow, heard } = listening(failures);
    const reporter = new PhaseReporter(workflow, own, failures === 0 ? 1_000 : 0);
    reporter.enter(running);
    reporter.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(heard).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a long time-out', () => {
  const days = 86_400_000;

  test.each([1, 24 * days, 25 * days, 100 * days, 3_650 * days])('of %i ms ends then, not before', (ms) => {
    const ended = vi.fn();
    longTimeout(ended, ms);
    vi.advanceTimersByTime(ms - 1);
    expect(ended).toHaveBeenCalledTimes(0);
    vi.advanceTimersByTime(1);
    expect(ended).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([0, 30 * days])('never ends after it was called off, after %i ms', (after) => {
    const ended = vi.fn();
    const callOff = longTimeout(ended, 60 * days);
    vi.advanceTimersByTime(after);
    callOff();
    expect(vi.getTimerCount()).toBe(0);
    expect(ended).not.toHaveBeenCalled();
  });
});
