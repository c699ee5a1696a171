import { describe, expect, test } from 'vitest';
import { JobGate } from '../../workers/gate.ts';
import { giveBack, granted, poll, ref, settled, use } from '../support/gate-polls.ts';

describe('a gate', () => {
  test('gives no more permits than there are jobs to start, over all queues', async () => {
    const gate = new JobGate(3, 4);
    const lanes = [gate.lane(), gate.lane()];
    const polls = lanes.flatMap((lane) => [poll(lane), poll(lane)]);
    await settled();
    expect(granted(polls)).toHaveLength(3);
  });

  test('holds a queue to as many idle permits as it polls with', async () => {
    const gate = new JobGate(10, 2);
    const lane = gate.lane();
    const [first, second, third] = [poll(lane), poll(lane), poll(lane)];
    await settled();
    expect(granted([first, second, third])).toEqual([first, second]);
    use(lane, first);
    await settled();
    expect(third.permit).toBeDefined();
  });

  test('counts a job from its start to its end, also when its permit is back', async () => {
    const gate = new JobGate(1, 1);
    const lane = gate.lane();
    const first = poll(lane);
    await settled();
    use(lane, first);
    gate.started(ref('a'));
    gate.started(ref('a'));
    const second = poll(lane);
    giveBack(lane, first);
    await settled();
    expect([gate.live, second.permit]).toEqual([1, undefined]);
    gate.ended(ref('a'));
    await settled();
    expect(gate.live).toBe(0);
    expect(second.permit).toBeDefined();
  });

  test('a poll that is called off fails with the reason and holds nothing', async () => {
    const gate = new JobGate(1, 1);
    const lane = gate.lane();
    const [held, waiting, next] = [poll(lane), poll(lane), poll(lane)];
    await settled();
    const reason = new Error('shutdown');
    waiting.abort(reason);
    giveBack(lane, held);
    await settled();
    expect(waiting).toMatchObject({ permit: undefined, failed: reason });
    expect(next.permit).toBeDefined();
  });

  test('a queue whose worker has gone gives back what it held', async () => {
    const gate = new JobGate(2, 2);
    const [gone, stays] = [gate.lane(), gate.lane()];
    const [used, idle] = [poll(gone), poll(gone)];
    await settled();
    use(gone, used);
    const waiting = [poll(stays), poll(stays)];
    gone.drop();
    await settled();
    expect(granted(waiting)).toHaveLength(2);
    giveBack(gone, used);
    giveBack(gone, idle);
    const more = poll(stays);
    await settled();
    expect(more.permit).toBeUndefined();
  });

  test('a smaller limit takes effect as permits come back, a larger one at once', async () => {
    const gate = new JobGate(2, 4);
    const lane = gate.lane();
    const [first, second] = [poll(lane), poll(lane)];
    const waiting = [poll(lane), poll(lane)];
    await settled();
    gate.setMax(1);
    giveBack(lane, first);
    await settled();
    expect(granted(waiting)).toHaveLength(0);
    giveBack(lane, second);
    await settled();
    expect(granted(waiting)).toHaveLength(1);
    gate.setMax(2);
    await settled();
    expect(granted(waiting)).toHaveLength(2);
  });

  test('a recount takes what the backends say of attempts that are theirs to judge', async () => {
    const gate = new JobGate(10, 1);
    for (const uid of ['vanished', 'alive']) {
      gate.started(ref(uid));
      gate.submitted(ref(uid));
    }
    await gate.recount(() => Promise.resolve([ref('alive'), ref('adopted')]));
    expect(gate.live).toBe(2);
    await gate.recount(() => Promise.resolve([]));
    expect(gate.live).toBe(0);
  });

  test('a recount leaves alone what is still on its way into the backend, or began meanwhile', async () => {
    const gate = new JobGate(10, 1);
    gate.started(ref('on its way'));
    await gate.recount(() => {
      gate.submitted(ref('on its way'));
      gate.started(ref('began'));
      return Promise.resolve([]);
    });
    expect(gate.live).toBe(2);
  });

  test('a recount does not bring back what has ended since the backends were asked', async () => {
    const gate = new JobGate(10, 1);
    gate.started(ref('ends'));
    gate.submitted(ref('ends'));
    await gate.recount(() => {
      gate.ended(ref('ends'));
      return Promise.resolve([ref('ends')]);
    });
    expect(gate.live).toBe(0);
  });
});
