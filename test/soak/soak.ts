/** Statistics: scenarios of the tests with numbers that no test has time for. `npm run soak -- launch`, `sweep`, `kubernetes`, `docker`. */
import { randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { onStopSignals } from '../../scripts/until-signal.ts';
import { soaks } from './acts.ts';
import { report, type Played } from './report.ts';
import { stopPlaying } from './scenario.ts';
import { serverVersion } from './server-version.ts';

interface Flags {
  seed?: number;
  only?: string[];
  scale: number;
  report?: string;
}

const program = new Command('soak')
  .description(
    'Plays scenarios many times over, with real servers and killed processes, and checks from outside what holds.',
  )
  .addArgument(new Argument('<what>', 'what is soaked').choices(Object.keys(soaks)))
  .option('--seed <n>', 'repeats the choices of an earlier soak (default: another one each time)', seedOf)
  .option(
    '--only <groups>',
    `some of ${groupsIn('launch')}; of sweep: ${groupsIn('sweep')}; of kubernetes: ${groupsIn('kubernetes')}; of docker: ${groupsIn('docker')} (default: all)`,
    (text) => text.split(','),
  )
  .option('--scale <factor>', 'of the full numbers', scaleOf, 1)
  .option('--report <file>', 'where the report goes, in markdown')
  .addHelpText(
    'after',
    '\nExits with 1 where a rule was broken.\n\nExample:\n  npm run soak -- launch --only kills --scale 0.1',
  )
  .action((what: string, flags: Flags) => soak(what, flags));
onStopSignals((times) => {
  if (times > 1) process.exit(130);
  void stopPlaying().finally(() => process.exit(130));
});
await program.parseAsync();

async function soak(what: string, { seed = randomInt(2 ** 31), only, scale, report: file }: Flags) {
  const acts = soaks[what]?.(scale) ?? [];
  const chosen = acts.filter(({ group }) => only?.includes(group) ?? true);
  const unknown = only?.filter((group) => !acts.some((act) => act.group === group)) ?? [];
  if (unknown.length > 0) throw new InvalidArgumentError(`${unknown.join(', ')}: there are ${groupsIn(what)}`);
  say(`seed ${String(seed)}`);
  const began = new Date();
  const played: Played[] = [];
  for (const act of chosen) {
    const startedMs = performance.now();
    const findings = await act.play(seed, (line) => {
      say(`${act.name}: ${line}`);
    });
    const tookMs = performance.now() - startedMs;
    played.push({ name: act.name, sizes: act.sizes, findings, tookMs });
    for (const [name, value] of findings.counts) say(`${act.name}: ${name}: ${String(value)}`);
    for (const sentence of findings.broken) say(`${act.name}: BROKEN: ${sentence}`);
    if (findings.broken.length > 0) process.exitCode = 1;
    say(
      `${act.name}: ${findings.broken.length === 0 ? 'every rule held' : 'rules were broken'} (${(tookMs / 1_000).toFixed(0)} s)`,
    );
  }
  const part = only === undefined ? '' : ` --only ${only.join(',')}`;
  const command = `npm run soak -- ${what} --seed ${String(seed)}${part}${scale === 1 ? '' : ` --scale ${String(scale)}`}`;
  if (file !== undefined) await writeFile(file, report({ command, server: await serverVersion(), began, played }));
}

function say(line: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
}

function seedOf(text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 32) return Number(text);
  throw new InvalidArgumentError('a whole number from 0 to 4294967295');
}

function scaleOf(text: string): number {
  if (Number(text) > 0 && Number(text) <= 10) return Number(text);
  throw new InvalidArgumentError('a number above 0, at most 10');
}

function groupsIn(what: string): string {
  return [...new Set((soaks[what]?.(1) ?? []).map(({ group }) => group))].join(',');
}
