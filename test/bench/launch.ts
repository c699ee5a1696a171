/** How fast launches are: `npm run bench:launch -- --help`. What the figures mean: docs/performance.md. */
import { Command, Option } from 'commander';
import { examples } from '../../scripts/cli.ts';
import { renderJson } from '../../scripts/render.ts';
import { measureLatencies } from './latency.ts';
import { describeMachine } from './machine.ts';
import { renderReport, type Report } from './report.ts';
import { count, runBench } from './run.ts';
import { measureThroughput } from './throughput.ts';

interface Flags {
  launches: number;
  rounds: number;
  samples: number;
  only?: 'throughput' | 'latency';
  json?: true;
}

/** Nothing here takes so long unless something hangs. */
const longestMs = 20 * 60_000;

const program = new Command('npm run bench:launch --')
  .description('Measures launches on a Temporal server, a store and workers of its own, and leaves nothing of them.')
  .option('-n, --launches <n>', 'launches in one burst', count, 120)
  .option('-r, --rounds <n>', 'bursts of launches, and as many of bare workflows in turn with them', count, 5)
  .option('-s, --samples <n>', 'starts, preemptions and cancellations', count, 30)
  .addOption(new Option('--only <part>').choices(['throughput', 'latency']))
  .option('--json', 'print one JSON document')
  .addHelpText(
    'after',
    examples(
      'npm run bench:launch',
      'npm run bench:launch -- --only throughput --launches 300 --rounds 9',
      'npm run bench:launch -- --only latency --samples 100 --json',
    ),
  )
  .parse();

const { launches, rounds, samples, only, json } = program.opts<Flags>();
await runBench(longestMs, async (measuring) => {
  const report: Report = { machine: await describeMachine() };
  if (only !== 'latency') report.throughput = await measureThroughput(launches, rounds, measuring);
  if (only !== 'throughput') report.latencies = await measureLatencies(samples, measuring);
  return json === true ? renderJson(report, 2) : renderReport(report);
});
