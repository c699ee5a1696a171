/** How fast runs on Kubernetes are, and what they cost: `npm run bench:kubernetes -- --help`. What the figures mean: docs/performance.md. */
import { Command, InvalidArgumentError } from 'commander';
import { examples } from '../../scripts/cli.ts';
import { renderJson } from '../../scripts/render.ts';
import { measureEvictions } from './kubernetes-evictions.ts';
import { measureMemory } from './kubernetes-memory.ts';
import { measureQuiet } from './kubernetes-quiet.ts';
import { renderKubernetesReport, type KubernetesReport } from './kubernetes-report.ts';
import { withSite } from './kubernetes-site.ts';
import { measureStarts } from './kubernetes-starts.ts';
import { withTestbed } from './kubernetes-testbed.ts';
import { measureKubernetesThroughput } from './kubernetes-throughput.ts';
import { describeMachine } from './machine.ts';
import { count, runBench } from './run.ts';

interface Flags {
  starts: number;
  rate: number;
  evictions: number;
  runs: number;
  alive: number;
  quiet: number;
  live: number;
  only: number[];
  json?: true;
}

const longestMs = 60 * 60_000;

function parts(text: string): number[] {
  if (/^[1-5](,[1-5])*$/.test(text)) return text.split(',').map(Number);
  throw new InvalidArgumentError('numbers from 1 to 5, with commas between');
}

const program = new Command('npm run bench:kubernetes --')
  .description(
    'Measures runs on a Kubernetes whose nodes kwok plays, with all else of its own, and leaves nothing of them.',
  )
  .option('-s, --starts <n>', '1: launches at a steady rate', count, 300)
  .option('--rate <n>', '1: launches a second', count, 5)
  .option('-e, --evictions <n>', '2: live runs, each evicted once', count, 100)
  .option('-n, --runs <n>', '3: queued runs, and as many bare Jobs', count, 1_000)
  .option('-a, --alive <n>', '3: the most alive at a time; 4: live runs', count, 200)
  .option(
    '-q, --quiet <seconds>',
    '4: nothing happens for so long; agents look at each attempt every 300 s',
    count,
    300,
  )
  .option('-l, --live <n>', '5: live runs', count, 1_000)
  .option('--only <parts>', '1 starts, 2 evictions, 3 throughput, 4 requests, 5 memory', parts, [1, 2, 3, 4, 5])
  .option('--json', 'print one JSON document')
  .addHelpText(
    'after',
    examples(
      'npm run bench:kubernetes',
      'npm run bench:kubernetes -- --only 1,2 --starts 50 --evictions 20',
      'npm run bench:kubernetes -- --only 3 --runs 200 --json',
    ),
  )
  .parse();

const { starts, rate, evictions, runs, alive, quiet, live, only, json } = program.opts<Flags>();
await runBench(longestMs, (measuring) =>
  withTestbed(measuring, async (kubernetes) => {
    const report: KubernetesReport = { machine: await describeMachine(), kubernetes, latencies: [] };
    if (only.includes(1))
      report.latencies.push(...(await withSite(measuring, (site) => measureStarts(site, { starts, rate }))));
    if (only.includes(2))
      report.latencies.push(...(await withSite(measuring, (site) => measureEvictions(site, evictions))));
    if (only.includes(3))
      report.throughput = await withSite(measuring, (site) => measureKubernetesThroughput(site, { runs, alive }));
    if (only.includes(4)) report.quiet = await withSite(measuring, (site) => measureQuiet(site, alive, quiet));
    if (only.includes(5)) report.memory = await withSite(measuring, (site) => measureMemory(site, live));
    return json === true ? renderJson(report, 2) : renderKubernetesReport(report);
  }),
);
