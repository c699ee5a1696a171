#!/usr/bin/env node
/** Brings what a machine lacks for the tests against real systems. `npm run testbed -- up kubernetes`. */
import { Argument, Command, InvalidArgumentError } from 'commander';
import { downDocker } from './testbed/docker/down.ts';
import { docker } from './testbed/docker/place.ts';
import { upDocker } from './testbed/docker/up.ts';
import { downKubernetes } from './testbed/kubernetes/down.ts';
import { kubernetes } from './testbed/kubernetes/place.ts';
import { upKubernetes } from './testbed/kubernetes/up.ts';
import { isBasePort } from './testbed/place.ts';
import { downS3 } from './testbed/s3/down.ts';
import { s3 } from './testbed/s3/place.ts';
import { upS3 } from './testbed/s3/up.ts';

interface StateFlag {
  state?: string;
}

interface UpFlags extends StateFlag {
  basePort?: number;
  kwokNodes: number;
  json?: boolean;
}

type What = 'kubernetes' | 'docker' | 's3';

/** What a shell exports, and what `--json` prints. */
const bringUp: Record<What, (flags: UpFlags) => Promise<{ shell: string; facts: unknown }>> = {
  kubernetes: async ({ state, basePort, kwokNodes }) => {
    const { kubeconfig, auditLog, stateDir, kubectl } = await upKubernetes({ stateDir: state, basePort, kwokNodes });
    return {
      shell: `KUBECONFIG=${quoted(kubeconfig)}`,
      facts: { kubeconfig, audit: auditLog, state: stateDir, kubectl },
    };
  },
  docker: async ({ state, basePort }) => {
    const { dockerHost, registry, index, images, stateDir } = await upDocker({ stateDir: state, basePort });
    return {
      shell: `DOCKER_HOST=${quoted(dockerHost)}`,
      facts: { dockerHost, registry, index, images, state: stateDir },
    };
  },
  s3: async ({ state, basePort }) => {
    const { env, stateDir } = await upS3({ stateDir: state, basePort });
    const shell = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}`);
    return { shell: shell.join(' '), facts: { env, state: stateDir } };
  },
};
const takeDown = { kubernetes: downKubernetes, docker: downDocker, s3: downS3 };

const what = (): Argument => new Argument('<what>', 'what is wanted').choices(Object.keys(takeDown));
const stateOption = [
  '--state <dir>',
  'what it keeps; one testbed each (default: ~/.cache/relaunch/<what>/state)',
] as const;

const program = new Command('testbed')
  .description(
    'Real systems for the tests, on this machine and on loopback only. What it brings stays in ~/.cache/relaunch, and is used again.',
  )
  .exitOverride()
  .showHelpAfterError('(--help shows what there is)')
  .addHelpText(
    'after',
    `
Examples:
  $ npm run testbed -- up kubernetes    # 10 to 20 minutes the first time, ten seconds then, at once where it is up
  $ npm run testbed -- up docker        # one to two minutes the first time, three seconds then
  $ npm run testbed -- up s3            # half a minute the first time, at once then
  $ eval "$(npm run --silent testbed -- up kubernetes)"
  $ npm run testbed -- up kubernetes --state /tmp/other --base-port 27000
  $ npm run testbed -- down kubernetes --state /tmp/other

Environment: RELAUNCH_TEST_KUBECONFIG (a cluster for tests to use instead),
RELAUNCH_TEST_DOCKER_HOST (a Docker Engine of this machine, likewise), XDG_CACHE_HOME, RELAUNCH_DEBUG (errors with their stack).`,
  );

program
  .command('up')
  .summary('starts what does not run')
  .description(
    'kubernetes: etcd, API server, controller manager, scheduler, DNS, nodes that kwok plays, and this machine as a real node. ' +
      'Builds it with Go 1.25 or later, and installs containerd and the like with apt-get, where they are missing. Needs root.\n\n' +
      'docker: a Docker Engine, unless this machine has one that answers; a registry with images of Debian, Python and busybox; ' +
      'a registry and an index of Python packages that demand a password. Takes all from packages of Debian, which it does not install. Needs root.\n\n' +
      's3: an S3 with an empty bucket, that takes any credentials. Builds it with Go 1.24 or later.',
  )
  .addArgument(what())
  .option(...stateOption)
  .option(
    '--base-port <n>',
    `of the ports it takes; a multiple of 100 (default: ${String(kubernetes.defaultBasePort)} for kubernetes, ${String(docker.defaultBasePort)} for docker, ${String(s3.defaultBasePort)} for s3)`,
    basePortOf,
  )
  .option('--kwok-nodes <n>', 'nodes that kwok plays (kubernetes)', countOf, 20)
  .option('--json', 'print all there is to know about it')
  .action(async (what: What, flags: UpFlags) => {
    const { shell, facts } = await bringUp[what](flags);
    process.stdout.write(flags.json === true ? `${JSON.stringify(facts)}\n` : `export ${shell}\n`);
  });

program
  .command('down')
  .summary('ends what up started, and leaves nothing of it')
  .description('Ends exactly what `up` started, and removes what it kept. What was built or installed stays.')
  .addArgument(what())
  .option(...stateOption)
  .action(async (what: What, { state }: StateFlag) => {
    if (!(await takeDown[what]({ stateDir: state }))) process.stderr.write('testbed: there is none\n');
  });

/** As a shell reads it. */
const quoted = (path: string): string => (/^[\w./:-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`);

function basePortOf(text: string): number {
  if (/^\d+$/.test(text) && isBasePort(Number(text))) return Number(text);
  throw new InvalidArgumentError('a multiple of 100 from 1100 to 62400');
}

function countOf(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a number from 0 to 9999');
}

try {
  await program.parseAsync();
} catch (error) {
  // It brings the whole client, for which nobody should wait who has nothing to complain about.
  const { complaintOf } = await import('./complaint.ts');
  const { lines, code } = complaintOf(error, Boolean(process.env['RELAUNCH_DEBUG']));
  for (const line of lines) process.stderr.write(`${line}\n`);
  process.exitCode = code;
}
