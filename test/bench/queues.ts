/** What queues cost: `npm run bench:queues -- --help`. What the figures mean: docs/performance.md. */
import { Command } from 'commander';
import { examples } from '../../scripts/cli.ts';
import { renderJson, renderTable } from '../../scripts/render.ts';
import { turnsOf } from '../support/turns.ts';
import { describeMachine } from './machine.ts';
import { measureLimits } from './queue-limits.ts';
import { measureResolve } from './queue-resolve.ts';
import { measureTurns } from './queue-turns.ts';
import { describeMachineIn } from './report.ts';
import { count, runBench } from './run.ts';
import type { Spread } from './statistics.ts';
import { withCluster } from './with-cluster.ts';

interface Flags {
  backlog: number;
  launches: number;
  rounds: number;
  samples: number;
  json?: true;
}

/** Nothing here takes so long unless something hangs. */
const longestMs = 90 * 60_000;

/** Of the user with weight 3, of the one with weight 1, and how many turns are looked at while both wait. */
const turns = { alice: 160, bob: 60, looked: 200 };

const program = new Command('npm run bench:queues --')
  .description('Measures queues on a Temporal server, a store and workers of its own, and leaves nothing of them.')
  .option('-b, --backlog <n>', 'runs that wait while turns are measured', count, 5_000)
  .option('-n, --launches <n>', 'launches in one burst', count, 120)
  .option('-r, --rounds <n>', 'bursts with limits, and as many without in turn with them', count, 5)
  .option('-s, --samples <n>', 'turns, and resolves', count, 50)
  .option('--json', 'print one JSON document')
  .addHelpText('after', examples('npm run bench:queues', 'npm run bench:queues -- --backlog 500'))
  .parse();

const { backlog, launches, rounds, samples, json } = program.opts<Flags>();
await runBench(longestMs, async (measuring) => {
  const machine = await describeMachine();
  const resolve = measureResolve(samples);
  const limits = await measureLimits(launches, rounds, measuring);
  const fair = await withCluster(
    { fair: { backend: 'noop', fairness: { weights: { alice: 3 } } } },
    measuring,
    (cluster) => turnsOf(cluster, 'fair', { alice: turns.alice, bob: turns.bob }),
  );
  const alice = fair.slice(0, turns.looked).filter((user) => user === 'alice').length;
  const turn = await measureTurns(backlog, samples, measuring);
  if (json === true) return renderJson({ machine, resolve, limits, alice, turn }, 2);
  const row = (what: string, { p50, p95, most, samples: of }: Spread, digits: number): string[] => [
    what,
    ...[p50, p95, most].map((value) => value.toFixed(digits)),
    String(of),
  ];
  return [
    describeMachineIn(machine),
    renderTable(
      ['queues', 'p50', 'p95', 'most', 'samples'],
      [
        row('resolve: 500 lines, 30 variables, ms', resolve, 2),
        row(`end of a job -> next started, ${String(backlog)} wait, ms`, turn, 0),
        row('launches per second without limits', limits.perSecond.free, 1),
        row('launches per second with limits', limits.perSecond.limited, 1),
        row('ratio', limits.ratio, 2),
      ],
    ),
    `turns of a user of weight 3 among ${String(turns.looked)} beside one of weight 1: ${String(alice)} (wanted: 150)`,
  ].join('\n\n');
});
