/** How fast launches are: `npm run bench:launch -- --help`. What the figures mean: docs/performance.md. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { examples } from '../../scripts/cli.ts';
import { renderJson } from '../../scripts/render.ts';
import { onStopSignals } from '../../scripts/until-signal.ts';
import { measureLatencies } from './latency.ts';
import { describeMachine } from './machine.ts';
import { renderReport, type Report } from './report.ts';
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

function count(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a number from 1 to 99999');
}

const { launches, rounds, samples, only, json } = program.opts<Flags>();
const asked = new AbortController();
onStopSignals((times) => {
  if (times > 1) process.exit(130);
  asked.abort(new Error('interrupted'));
});
const measuring = {
  signal: AbortSignal.any([asked.signal, AbortSignal.timeout(longestMs)]),
  say: (what: string) => void process.stderr.write(`${what}\n`),
};

// Calls that are under way when the cluster goes away are tried again by timers, and fail where nobody can catch them. Nothing that
// fails there may keep us from stopping the cluster.
process.on('uncaughtException', (error) => {
  if (!asked.signal.aborted) console.error(error);
  process.exitCode = 1;
});

try {
  const report: Report = { machine: await describeMachine() };
  if (only !== 'latency') report.throughput = await measureThroughput(launches, rounds, measuring);
  if (only !== 'throughput') report.latencies = await measureLatencies(samples, measuring);
  process.stdout.write(`${json === true ? renderJson(report, 2) : renderReport(report)}\n`);
} catch (error) {
  if (!asked.signal.aborted) console.error(error);
  process.exitCode = asked.signal.aborted ? 130 : 1;
}
process.exit();
