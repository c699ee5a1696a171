import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JobGate } from '../../workers/gate.ts';
import { giveBack, poll, ref, settled, use, type Lane, type Poll } from '../support/gate-polls.ts';

/** What a worker process may do to its gate next; numbers choose among what there is. */
const step = fc.oneof(
  fc.record({ do: fc.constantFrom('poll', 'task', 'abort', 'nothing', 'end', 'recount' as const), at: fc.nat(20) }),
  fc.record({ do: fc.constant('max' as const), at: fc.integer({ min: 0, max: 3 }) }),
);

test('whatever happens in whatever order, jobs and permits to start one are never more than the limit', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 3 }), async (steps, pollers) => {
      let limit = 2;
      const gate = new JobGate(limit, pollers);
      const lanes = [gate.lane(), gate.lane(), gate.lane()];
      let polls: { lane: Lane; poll: Poll }[] = [];
      let jobs: string[] = [];
      let number = 0;
      const held = () => polls.filter(({ poll: { permit } }) => permit !== undefined);
      const pick = <T>(from: T[], at: number): T | undefined => from[at % Math.max(1, from.length)];
      for (const { do: what, at } of steps) {
        const before = held().length + jobs.length;
        const lane = pick(lanes, at);
        const one = pick(held(), at);
        if (what === 'poll' && lane !== undefined) polls.push({ lane, poll: poll(lane) });
        else if (what === 'max') gate.setMax((limit = at));
        else if (what === 'end') {
          const [job] = jobs.splice(at % Math.max(1, jobs.length), 1);
          if (job !== undefined) gate.ended(ref(job));
        } else if (what === 'abort') {
          const waiting = pick(
            polls.filter(({ poll: { permit } }) => permit === undefined),
            at,
          );
          waiting?.poll.abort(new Error('shutdown'));
          polls = polls.filter((kept) => kept !== waiting);
        } else if (what === 'recount') await gate.recount(() => Promise.resolve(jobs.map(ref)));
        else if (one !== undefined) {
          polls = polls.filter((kept) => kept !== one);
          if (what === 'task') {
            use(one.lane, one.poll);
            const job = `job-${String(number++)}`;
            gate.started(ref(job));
            if (at % 2 === 0) gate.submitted(ref(job));
            jobs = [...jobs, job];
          }
          giveBack(one.lane, one.poll);
        }
        await settled();
        expect(held().length + jobs.length).toBeLessThanOrEqual(Math.max(limit, before));
        for (const each of lanes)
          expect(held().filter(({ lane: of }) => of === each).length).toBeLessThanOrEqual(pollers);
        const idle = polls.some(
          ({ lane: of, poll: { permit } }) =>
            permit === undefined && held().filter(({ lane: its }) => its === of).length < pollers,
        );
        if (idle) expect(held().length + jobs.length).toBeGreaterThanOrEqual(limit);
      }
    }),
    { numRuns: 200 },
  );
});
