/** How fast images are made and started: `npm run bench:build -- --help`. What the figures mean: docs/performance.md. */
import { Command, Option } from 'commander';
import { examples } from '../../scripts/cli.ts';
import { renderJson } from '../../scripts/render.ts';
import { renderBuildReport, type BuildReport } from './build-report.ts';
import { withBuildSite } from './build-site.ts';
import { measureContainerStarts } from './build-starts.ts';
import { measureBuilds } from './build-trials.ts';
import { describeMachine } from './machine.ts';
import { count, runBench } from './run.ts';

interface Flags {
  trials: number;
  starts: number;
  only?: 'builds' | 'starts';
  json?: true;
}

const longestMs = 30 * 60_000;

const program = new Command('npm run bench:build --')
  .description(
    'Measures builds, pushes and starts on a Docker Engine and a registry, in turns with plain docker, and leaves nothing of them.',
  )
  .option('-n, --trials <n>', 'builds of each kind', count, 7)
  .option('-s, --starts <n>', 'starts of an image that is there', count, 30)
  .addOption(new Option('--only <part>').choices(['builds', 'starts']))
  .option('--json', 'print one JSON document')
  .addHelpText('after', examples('npm run bench:build', 'npm run bench:build -- --only starts --starts 100 --json'))
  .parse();

const { trials, starts, only, json } = program.opts<Flags>();
await runBench(longestMs, (measuring) =>
  withBuildSite(measuring, async (site) => {
    const { Version: engine } = await site.scene.docker.version();
    const report: BuildReport = { machine: await describeMachine(), engine };
    if (only !== 'starts') report.builds = await measureBuilds(site, trials);
    if (only !== 'builds') report.latencies = await measureContainerStarts(site, starts);
    return json === true ? renderJson(report, 2) : renderBuildReport(report);
  }),
);
