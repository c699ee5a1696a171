/**
 * `node scripts/sdk-download.ts DIRECTORY`: has Temporal's SDK download its development server's program into a directory.
 * A process of its own, since the SDK starts the server that it downloads, and one Runtime is all that a process has.
 */
import { Runtime } from '@temporalio/worker';

const [downloadDir = '.'] = process.argv.slice(2);
const runtime = Runtime.instance();
const server = await runtime.createEphemeralServer({
  type: 'dev-server',
  exe: {
    type: 'cached-download',
    downloadDir,
    version: 'v1.9.1',
    ttl: 0,
    sdkName: 'sdk-typescript',
    sdkVersion: '1.24.0',
  },
  namespace: 'default',
  ip: '127.0.0.1',
  port: null,
  uiPort: null,
  dbFilename: null,
  ui: false,
  log: { format: 'json', level: 'error' },
  extraArgs: [],
});
await runtime.shutdownEphemeralServer(server);
await runtime.shutdown();
