import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { rejectedSource } from './failures.ts';

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** What an agent reaches and others do not: itself, and what its cloud tells it alone. */
const own = new BlockList();
for (const [address, prefix] of [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['::', 127],
  ['fe80::', 10],
  ['fd00:ec2::', 32],
] as const)
  own.addSubnet(address, prefix, familyOf(address));

const isOwn = (address: string): boolean => own.check(address, familyOf(address));

/**
 * Where a host is that submitters name, and the agent's file does not, for `http.curloptResolve`: git looks it up no more. Undefined: nobody
 * knows here. @throws RelaunchError LaunchRejected where that is the agent's own machine, or where its cloud answers
 */
export async function placeOf(host: string): Promise<string | undefined> {
  const [, written = '', port = '443'] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  const name = written.replace(/^\[(.*)\]$/, '$1');
  const found = await lookup(name, { all: true }).catch(() => []);
  if (found.some(({ address }) => isOwn(address)))
    throw rejectedSource(
      `${host} is an address of the agent's own machine, or of its cloud: git.${host} of the agent's file may allow it`,
    );
  const addresses = found.map(({ address, family }) => (family === 6 ? `[${address}]` : address));
  return addresses.length === 0 || isIP(name) !== 0 ? undefined : `${name}:${port}:${addresses.join(',')}`;
}
