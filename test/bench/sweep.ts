/** How fast sweeps are: `npm run bench:sweep -- --help`. What the figures mean: docs/performance.md. */
import { Command } from 'commander';
import { examples } from '../../scripts/cli.ts';
import { renderJson } from '../../scripts/render.ts';
import { describeMachine } from './machine.ts';
import { count, runBench } from './run.ts';
import { renderSweepReport } from './sweep-report.ts';
import { measureSweeps } from './sweep-rate.ts';

interface Flags {
  trials: number;
  workers: number;
  rounds: number;
  json?: true;
}

const longestMs = 40 * 60_000;

const program = new Command('npm run bench:sweep --')
  .description('Measures sweeps whose jobs do nothing, in turns with launches, and leaves nothing of them.')
  .option('-n, --trials <n>', 'trials of one sweep', count, 1_000)
  .option('-w, --workers <n>', 'trials in flight', count, 64)
  .option('-r, --rounds <n>', 'sweeps, and bursts of launches in turn with them', count, 3)
  .option('--json', 'print one JSON document')
  .addHelpText('after', examples('npm run bench:sweep', 'npm run bench:sweep -- --trials 10000 --rounds 1'))
  .parse();

const { trials, workers, rounds, json } = program.opts<Flags>();
await runBench(longestMs, async (measuring) => {
  const machine = await describeMachine();
  const sweeps = await measureSweeps({ trials, workers, rounds }, measuring);
  return json === true ? renderJson({ machine, sweeps }, 2) : renderSweepReport(machine, sweeps);
});
