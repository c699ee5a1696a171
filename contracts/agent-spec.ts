import { z } from 'zod';
import { builderSpec } from './builder-spec.ts';
import { gitHosts } from './git-hosts.ts';
import { labelValue } from './names.ts';

const jobsRule = '1 to 99999, or -1 for as many as come';

const agentFields = z.strictObject({
  /** What it is called, one living agent each. Default: the host's name, in a pod the pod's. */
  name: labelValue.optional(),
  /** Which it serves. */
  queues: z.array(labelValue).optional(),
  /** Live runs at a time, over all its queues; -1: as many as come; 0: none, it only makes images for them. Default 1. */
  maxJobs: z
    .int()
    .max(99_999, jobsRule)
    .refine((jobs) => jobs >= -1, jobsRule)
    .optional(),
  /** How it gets code into containers, for the queues that it serves. Absent: that is left to others. */
  builder: builderSpec.optional(),
  /** Registries by host, where one is not as others are. Credentials are Docker's: `~/.docker/config.json`. */
  registries: z
    .record(
      z.string(),
      z.strictObject({
        /** Spoken to without TLS. Those on this machine are anyway. */
        insecure: z.boolean().default(false),
        /** Other hosts that give out its tokens: they are sent the credentials for it. */
        tokenHosts: z.array(z.string().min(1, 'a host')).default([]),
        /** Pods of Kubernetes pull from it with the agent's credentials, which a Secret in their namespace then has. */
        pullSecret: z.boolean().default(false),
      }),
    )
    .optional(),
  /** Git servers by host: credentials, certificates. Whoever submits to its queues gets at all that they open. */
  git: gitHosts.optional(),
  /** The secrets that its queues' jobs may be given. A file comes before a variable of that name. */
  secrets: z
    .strictObject({
      /** Of files named after their secrets, from where the agent's file is. Read again for each attempt. */
      directory: z.string().min(1, 'a path').optional(),
      /** Variables of the agent's environment that are secrets of their names. */
      environment: z.array(labelValue).default([]),
    })
    .optional(),
  docker: z
    .strictObject({
      /** Where the engine is, as in DOCKER_HOST. Default: DOCKER_HOST, else unix:///var/run/docker.sock. */
      host: z
        .string()
        .regex(/^(unix:\/\/\/|(tcp|http|https|ssh):\/\/).+$/, 'such as unix:///var/run/docker.sock or tcp://host:2375')
        .optional(),
    })
    .optional(),
  kubernetes: z
    .strictObject({
      /** Path of a kubeconfig, from where the file is. Default: KUBECONFIG, else ~/.kube/config, else the cluster that the agent is in. */
      kubeconfig: z.string().min(1, 'a path').optional(),
      /** Of the kubeconfig. Default: its current one. */
      context: z.string().min(1, 'a name').optional(),
      /** Where its queues may have their attempts. Default: wherever they say. */
      namespaces: z.array(z.string().min(1, 'a name')).min(1, 'one or more').optional(),
      /** Where the agent itself has the volumes that queues mount code from: by claim, `claim` or `namespace/claim`. */
      code: z.record(z.string().min(1, 'a claim'), z.string().min(1, 'a path')).optional(),
    })
    .optional(),
});

/** What an admin writes into an agent's file: `relaunch agent -c FILE`. Every key may be absent; flags win over it. */
export const agentSpec = agentFields.refine(({ maxJobs, builder }) => maxJobs !== 0 || builder?.type === 'docker', {
  path: ['maxJobs'],
  error: `${jobsRule}; 0 only with a builder that makes images, and then nothing else is done`,
});
export type AgentSpec = z.output<typeof agentSpec>;
