/** An agent of all queues that there are, whose backends take what the real ones take, and start nothing: `node table-agent.ts`. */
import type { Backend } from '../../activities/backends/backend.ts';
import { createDockerBackend } from '../../activities/backends/docker/docker-backend.ts';
import { checkKubernetesArgs } from '../../activities/backends/kubernetes/queue-args.ts';
import { kubernetesSubmitters } from '../../activities/backends/kubernetes/submitter-args.ts';
import { createProcessBackend } from '../../activities/backends/process/process-backend.ts';
import { readSettings } from '../../client/index.ts';
import { onStopSignals } from '../../scripts/until-signal.ts';
import { openStore } from '../../store/open-store.ts';
import { queueNames } from '../../store/queues.ts';
import { startAgent } from '../../workers/agent.ts';
import { createLogger, withRuntime } from '../../workers/logger.ts';
import { noopBackend } from '../bench/noop-backend.ts';

const { temporal, entity: namespace, home, storeUrl } = readSettings(process.env);
const logger = createLogger();

const docker = createDockerBackend({ owner: 'table', node: 'table' });
const processes = createProcessBackend({ home, baseEnv: {}, node: 'table' });

const takes = ({
  name,
  sources,
  checkResourceArgs,
  submitters,
}: Pick<Backend, 'name' | 'sources' | 'checkResourceArgs' | 'submitters'>): Backend => ({
  ...noopBackend,
  ...{ name, sources, checkResourceArgs, submitters },
});

await withRuntime(logger, async () => {
  const agent = await startAgent({
    temporal,
    namespace,
    name: 'table',
    queues: await queueNames(openStore(storeUrl)),
    maxJobs: 50,
    home,
    storeUrl,
    baseEnv: {},
    logger,
    backends: [
      takes(docker),
      takes(processes),
      takes({
        name: 'kubernetes',
        sources: ['image'],
        checkResourceArgs: checkKubernetesArgs,
        submitters: kubernetesSubmitters,
      }),
    ],
  });
  onStopSignals(() => {
    agent.stop();
  });
  await agent.stopped;
});
process.exit();
