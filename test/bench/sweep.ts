/** How fast sweeps are: `npm run bench:sweep -- --help`. What the figures mean: docs/performance.md. */
import { Command, InvalidArgumentError } from 'commander';
import { examples } from '../../scripts/cli.ts';
import { renderJson } from '../../scripts/render.ts';
import { onStopSignals } from '../../scripts/until-signal.ts';
import { describeMachine } from './machine.ts';
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

function count(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a number from 1 to 99999');
}

const { trials, workers, rounds, json } = program.opts<Flags>();
const asked = new AbortController();
onStopSignals((times) => {
  if (times > 1) process.exit(130);
  asked.abort(new Error('interrupted'));
});
const signal = AbortSignal.any([asked.signal, AbortSignal.timeout(longestMs)]);
const say = (what: string): void => void process.stderr.write(`${what}\n`);

try {
  const machine = await describeMachine();
  const sweeps = await measureSweeps({ trials, workers, rounds }, { signal, say });
  process.stdout.write(`${json === true ? renderJson({ machine, sweeps }, 2) : renderSweepReport(machine, sweeps)}\n`);
} catch (error) {
  if (!asked.signal.aborted) console.error(error);
  process.exitCode = asked.signal.aborted ? 130 : 1;
}
process.exit();
