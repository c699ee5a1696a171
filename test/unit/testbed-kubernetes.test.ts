import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { kubeconfigText } from '../../scripts/testbed/kubernetes/kubeconfig.ts';
import { stagesFile } from '../../scripts/testbed/kubernetes/kwok.ts';
import { placeOf } from '../../scripts/testbed/kubernetes/place.ts';
import { isBasePort } from '../../scripts/testbed/place.ts';

test('two testbeds of different base ports have nothing in common', () => {
  const basePorts = Array.from({ length: 655 }, (_, index) => index * 100).filter(isBasePort);
  expect(basePorts.length).toBe(614);
  const places = basePorts.map((basePort) => placeOf(`/state/${String(basePort)}`, basePort));
  for (const of of ['podSubnet', 'nodeAddress', 'bridge', 'cgroup', 'runDir', 'containerdSocket', 'busSocket'] as const)
    expect(new Set(places.map((place) => place[of])).size, of).toBe(places.length);
  const ports = places.flatMap((place) => Object.values(place.ports));
  expect(new Set(ports).size).toBe(ports.length);
  expect(Math.max(...ports)).toBeLessThanOrEqual(65_535);
});

test('names of a testbed are what the kernel takes', () => {
  const { podSubnet, nodeAddress, bridge, containerdSocket } = placeOf('/state', 62_400);
  expect(podSubnet).toBe('10.249.224.0/24');
  expect(nodeAddress).toBe('198.18.249.151');
  expect(bridge.length).toBeLessThanOrEqual(15);
  expect(containerdSocket.length).toBeLessThanOrEqual(107);
});

test('a kubeconfig survives paths with blanks', () => {
  const text = kubeconfigText(26_443, { authority: '/a b/ca.crt', certificate: '/a b/admin.crt', key: '/a b: c/key' });
  expect(parse(text)).toMatchObject({
    clusters: [{ cluster: { server: 'https://127.0.0.1:26443', 'certificate-authority': '/a b/ca.crt' } }],
    users: [{ user: { 'client-certificate': '/a b/admin.crt', 'client-key': '/a b: c/key' } }],
  });
});

test('the stages of kwok are stages, and what they make of a status is YAML', async () => {
  const documents = parseAllDocuments(await readFile(stagesFile, 'utf8'));
  const stages = documents.map((document) => document.toJS() as Stage);
  expect(stages.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(
    ['node-ready', 'pod-run', 'pod-succeed', 'pod-fail', 'pod-evict', 'pod-terminate', 'pod-remove'].map(
      (name) => `Stage ${name}`,
    ),
  );
  for (const { spec } of stages) {
    const template = spec.next.statusTemplate;
    if (template === undefined) continue;
    const filledIn = template.replaceAll(/^.*\{\{ (range|end).*\n/gm, '').replaceAll(/\{\{[^{}]*\}\}/g, '"filled in"');
    expect(parse(filledIn)).toHaveProperty('conditions');
  }
});

interface Stage {
  kind: string;
  metadata: { name: string };
  spec: { next: { statusTemplate?: string } };
}
