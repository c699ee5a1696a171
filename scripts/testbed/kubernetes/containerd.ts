import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { pauseImage } from './images.ts';
import { cniPlugins } from './packages.ts';
import { start } from '../part.ts';
import type { Place } from './place.ts';
import { waitFor } from '../wait-for.ts';

/** A containerd of our own. Resolves when it answers. */
export async function startContainerd(place: Place): Promise<void> {
  const config = join(place.nodeDir, 'containerd.toml');
  await mkdir(networksOf(place), { recursive: true });
  await writeFile(join(networksOf(place), '10-bridge.conflist'), JSON.stringify(network(place)));
  await writeFile(config, configOf(place));
  await start(place, { name: 'containerd', command: ['containerd', '--config', config], confined: true });
  await waitFor(place, 'containerd', 30_000, async () => {
    await execa('ctr', ['--address', place.containerdSocket, 'version']);
  });
}

const networksOf = ({ nodeDir }: Place): string => join(nodeDir, 'networks');

/** Without a network the node stays not ready, also for pods that share the host's. Pods reach each other, and the cluster's DNS. */
const network = ({ bridge, nodeDir, nodeAddress, podSubnet }: Place): unknown => ({
  cniVersion: '1.0.0',
  name: bridge,
  plugins: [
    {
      type: 'bridge',
      bridge,
      isGateway: true,
      ipMasq: false,
      ipam: {
        type: 'host-local',
        dataDir: join(nodeDir, 'ipam'),
        ranges: [[{ subnet: podSubnet }]],
        routes: [{ dst: `${nodeAddress}/32` }],
      },
    },
  ],
});

/** Scores of the OOM killer are not to be lowered: not every root may. Network namespaces in our own directory do not outlive us. */
function configOf(place: Place): string {
  const { nodeDir, runDir, containerdSocket } = place;
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = ${JSON.stringify(join(nodeDir, 'containerd'))}
state = ${JSON.stringify(join(runDir, 'containerd'))}
[grpc]
  address = ${JSON.stringify(containerdSocket)}
[plugins."io.containerd.internal.v1.opt"]
  path = ${JSON.stringify(join(nodeDir, 'opt'))}
[${cri}]
  sandbox_image = ${JSON.stringify(pauseImage)}
  restrict_oom_score_adj = true
  stream_server_address = "127.0.0.1"
  netns_mounts_under_state_dir = true
[${cri}.cni]
  bin_dir = ${JSON.stringify(cniPlugins)}
  conf_dir = ${JSON.stringify(networksOf(place))}
[${cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[${cri}.containerd.runtimes.runc.options]
  SystemdCgroup = false
`;
}
