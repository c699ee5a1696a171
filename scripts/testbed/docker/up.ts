import { oneAtATime } from '../lock.ts';
import { settle, type TestbedOptions } from '../options.ts';
import { kill, logOf, pidOf } from '../part.ts';
import { claimPlace, readPlace } from '../record.ts';
import { timed, type Say } from '../timed.ts';
import { unavailable } from '../unavailable.ts';
import { credentials } from './credentials.ts';
import { bringEngine, hostOf } from './engine.ts';
import { imageNames, makeImages, type ImageKey, type Images } from './images.ts';
import { bringWheels, startPackageIndex } from './package-index.ts';
import { docker, loopback, type PartName, type Place } from './place.ts';
import { bringPrograms, type Programs } from './programs.ts';
import { dockerConfigOf, startRegistries } from './registries.ts';

export interface UpOptions extends TestbedOptions {
  /** A multiple of 100; another one for each testbed on a machine. Default: 26300. */
  basePort?: number | undefined;
  /** An Engine of ours also where this machine has one: to kill it. From then on it is everybody's. Default: false. */
  own?: boolean | undefined;
}

/** Of a part whose log has a line for each request, in the common log format. */
interface Logged {
  log: string;
}

/** A Docker Engine that answers, and what images come from. All on loopback. */
export interface DockerTestbed {
  /** As in DOCKER_HOST. */
  dockerHost: string;
  registry: {
    /** For everybody. Holds the base images. */
    open: Logged & { host: string };
    /** `dockerConfigDir`: for DOCKER_CONFIG, with the credentials. */
    private: Logged & { host: string; username: string; password: string; dockerConfigDir: string };
  };
  /** Of Python packages: PEP 503, for those who have the password. A wheel that is put into `wheelsDir` is there at once. */
  index: Logged & { url: string; urlWithCredentials: string; wheelsDir: string };
  /** Base images in the open registry, as a Dockerfile names them. */
  images: Record<ImageKey, string>;
  stateDir: string;
  /** SIGKILL; resolves when the process is gone. `upDocker` starts it again. @throws RelaunchError where the Engine is not ours */
  kill(part: PartName): Promise<void>;
}

/** Whether one of ours runs in a directory already. */
export async function isDockerUp(options: TestbedOptions = {}): Promise<boolean> {
  const place = await readPlace(docker, settle(docker, options).stateDir);
  return place !== undefined && (await pidOf(place, 'open-registry')) !== undefined;
}

/** Brings what a machine lacks, and starts nothing. @throws RelaunchError */
export async function prepareDocker(options: TestbedOptions = {}): Promise<void> {
  const { cache, say } = settle(docker, options);
  assertCanRun();
  await oneAtATime(cache, say, () => provide(cache, say));
}

interface Provisions {
  programs: Programs;
  images: Images;
  wheels: string;
}

async function provide(cache: string, say: Say): Promise<Provisions> {
  const programs = await bringPrograms(cache, say);
  const [images, wheels] = await Promise.all([makeImages(cache, programs, say), bringWheels(cache, say)]);
  return { programs, images, wheels };
}

/** @throws RelaunchError where this machine cannot have one */
function assertCanRun(): void {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    throw unavailable(
      'the Docker testbed starts an Engine and makes its images from packages of Debian, for which it must be root on a Debian: use such a machine.',
    );
}

/**
 * Brings up a Docker Engine, a registry with base images, another one and an index of Python packages that demand a password.
 * Starts what does not run, and nothing twice: also what was killed. An Engine that this machine has is used, and left alone;
 * RELAUNCH_TEST_DOCKER_HOST names one.
 * @throws RelaunchError
 */
export async function upDocker(options: UpOptions = {}): Promise<DockerTestbed> {
  const { env, cache, stateDir, say } = settle(docker, options);
  assertCanRun();
  return oneAtATime(cache, say, async () => {
    const { programs, images, wheels } = await provide(cache, say);
    const place = await claimPlace(docker, stateDir, options.basePort);
    const [dockerHost] = await Promise.all([
      timed(say, 'Engine is ready', () => bringEngine(place, programs, env, options.own ?? false)),
      timed(say, 'registries are ready', () => startRegistries(place, programs, images)),
      timed(say, 'package index is ready', () => startPackageIndex(place, wheels)),
    ]);
    return describe(place, dockerHost);
  });
}

function describe(place: Place, dockerHost: string): DockerTestbed {
  const { username, password } = credentials;
  const [open, index] = [loopback(place.ports.openRegistry), loopback(place.ports.packageIndex)];
  return {
    dockerHost,
    registry: {
      open: { host: open, log: logOf(place, 'open-registry') },
      private: {
        host: loopback(place.ports.privateRegistry),
        username,
        password,
        dockerConfigDir: dockerConfigOf(place),
        log: logOf(place, 'private-registry'),
      },
    },
    index: {
      url: `http://${index}/simple/`,
      urlWithCredentials: `http://${username}:${password}@${index}/simple/`,
      wheelsDir: place.wheelsDir,
      log: logOf(place, 'package-index'),
    },
    images: {
      python: `${open}/${imageNames.python}`,
      debian: `${open}/${imageNames.debian}`,
      busybox: `${open}/${imageNames.busybox}`,
    },
    stateDir: place.stateDir,
    kill: async (part) => {
      if ((part === 'dockerd' || part === 'containerd') && dockerHost !== hostOf(place))
        throw unavailable(`${part} of the Engine at ${dockerHost} is not ours to kill`);
      await kill(place, part);
    },
  };
}
