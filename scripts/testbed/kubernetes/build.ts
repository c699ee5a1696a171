import { join } from 'node:path';
import { buildPrograms } from '../go-programs.ts';
import type { Say } from '../timed.ts';

/** Paths of the programs. */
export interface Binaries {
  /** API server, controller manager, scheduler, kubelet and kubectl in one: 132 MB instead of 413. The first argument says which. */
  kubernetes: string;
  kubectl: string;
  etcd: string;
  kwok: string;
  coredns: string;
  pause: string;
}

const version = { git: 'v1.34.4', major: '1', minor: '34' };

const stamps = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((name) => [
  `-X ${name}.gitVersion=${version.git}`,
  `-X ${name}.gitMajor=${version.major}`,
  `-X ${name}.gitMinor=${version.minor}`,
  `-X ${name}.gitCommit=unknown`,
  `-X ${name}.gitTreeState=clean`,
  `-X ${name}.buildDate=2026-01-01T00:00:00Z`,
]);

const programs = [
  { name: 'kubernetes', package: '.', ldflags: ['-s', '-w', ...stamps].join(' ') },
  { name: 'etcd', package: 'go.etcd.io/etcd/server/v3', ldflags: '-s -w' },
  { name: 'kwok', package: 'sigs.k8s.io/kwok/cmd/kwok', ldflags: '-s -w' },
  { name: 'coredns', package: '.', ldflags: '-s -w' },
  { name: 'pause', package: '.', ldflags: '-s -w' },
];

/** Builds the programs of a testbed, once. @throws RelaunchError */
export async function build(cache: string, say: Say): Promise<Binaries> {
  const directory = await buildPrograms(cache, say, {
    programs,
    aliases: { kubectl: 'kubernetes' },
    // For etcd.
    oldestGo: 25,
    testbed: 'the Kubernetes testbed',
    wayOut: 'Install it, or set RELAUNCH_TEST_KUBECONFIG to a cluster for tests.',
    warning:
      'building Kubernetes, etcd, kwok and CoreDNS with Go, once: 10 to 20 minutes on two cores, and 6 GB of disk',
  });
  const path = (name: string): string => join(directory, name);
  return {
    kubernetes: path('kubernetes'),
    kubectl: path('kubectl'),
    etcd: path('etcd'),
    kwok: path('kwok'),
    coredns: path('coredns'),
    pause: path('pause'),
  };
}
