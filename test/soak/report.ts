import { execFileSync } from 'node:child_process';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import temporalSdk from '@temporalio/worker/package.json' with { type: 'json' };
import type { Findings } from './findings.ts';

/** One scenario as it was played. */
export interface Played {
  name: string;
  sizes: unknown;
  findings: Findings;
  tookMs: number;
}

export interface Soak {
  command: string;
  server: string;
  began: Date;
  played: readonly Played[];
}

/** What a soak has found, for docs/soak.md. */
export function report({ command, server, began, played }: Soak): string {
  const [cpu] = cpus();
  const gib = Math.round(totalmem() / 2 ** 30);
  return `# Soak

\`${command}\`, ${began.toISOString().slice(0, 16).replace('T', ' ')} UTC. Everything below was counted from outside: by a ledger that the
jobs themselves write under a lock, in /proc, in the files of the store and in Temporal's histories.

- Machine: ${String(cpus().length)} x ${cpu?.model.trim() ?? 'unknown'}, ${String(gib)} GiB, ${platform()} ${release()} ${arch()}
- Versions: relaunch ${commit()}, Node ${process.version}, Temporal SDK ${temporalSdk.version}, ${server}

| scenario | took | verdict |
| --- | --- | --- |
${played.map(row).join('\n')}
${played.map(section).join('')}`;
}

const row = ({ name, findings, tookMs }: Played): string =>
  `| ${name} | ${String(Math.round(tookMs / 1_000))} s | ${verdict(findings)} |`;

const verdict = ({ broken }: Findings): string =>
  broken.length === 0 ? 'every rule held' : `**broken: ${String(broken.length)}**`;

function section({ name, sizes, findings }: Played): string {
  const counts = [...findings.counts].map(([what, value]) => `| ${what} | ${String(value)} |`);
  const broken = findings.broken.map((sentence) => `- ${sentence}`);
  return `
## ${name}

Asked for: \`${JSON.stringify(sizes)}\`. ${verdict(findings)}.

| what | seen |
| --- | --- |
${counts.join('\n')}
${broken.length === 0 ? '' : `\n${broken.join('\n')}\n`}`;
}

function commit(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
  return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') === '' ? '' : ' with changes'}`;
}
