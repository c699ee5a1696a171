import { mkdtemp } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings, type Settings } from '../../client/index.ts';
import { portOrFree } from '../../scripts/dev/ports.ts';
import { startServer, type DevServer } from '../../scripts/dev/server.ts';
import { untilNamespace } from '../../scripts/dev/until-namespace.ts';
import { temporalCli } from '../../scripts/temporal-binaries.ts';

/** A real Temporal server in a scratch directory, which is also RELAUNCH_HOME. */
export interface TestServer {
  home: string;
  /** The whole environment of whoever is to use it. */
  env: Record<string, string>;
  settings: Settings;
  /** The one that runs, or ran last. */
  server: DevServer;
  /** Starts another one on the same ports and file, after the end of the last. */
  restart(): Promise<void>;
}

/** With namespace `default`, the settings of `relaunch dev`, and ports of its own. */
export async function startTestServer(): Promise<TestServer> {
  const home = await mkdtemp(join(tmpdir(), 'relaunch-test-'));
  const [port, uiPort] = [await portOrFree(0), await portOrFree(0)];
  const database = join(home, 'temporal.db');
  const start = async (): Promise<DevServer> =>
    startServer(await temporalCli(), home, { namespace: 'default', port, uiPort, database });
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    RELAUNCH_HOME: home,
    // Our programs are started by the hundred, and compiling is half of what their start takes.
    NODE_COMPILE_CACHE: join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'relaunch', 'compiled'),
    TEMPORAL_ADDRESS: `127.0.0.1:${String(port)}`,
  };
  const settings = readSettings(env);
  const made: TestServer = {
    home,
    env,
    settings,
    server: await start(),
    restart: async () => {
      made.server = await start();
      await untilNamespace(settings);
    },
  };
  try {
    await untilNamespace(settings);
    return made;
  } catch (error) {
    await made.server.stop();
    throw error;
  }
}
