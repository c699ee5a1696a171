import type { Labels } from '../labels.ts';

/** What we read of the engine's objects, as its API has them. Times are RFC 3339 with up to nanoseconds; what never was is the year 1. */

export interface ContainerState {
  Status: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
  Running: boolean;
  /** Something in it was killed for want of memory: not necessarily its first process. */
  OOMKilled: boolean;
  ExitCode: number;
  /** Why it could not be started. */
  Error: string;
  StartedAt: string;
  FinishedAt: string;
}

export interface Container {
  Id: string;
  Created: string;
  State: ContainerState;
  /** The image's id. */
  Image: string;
  Config: { Image: string; Labels: Labels | null; Env?: string[] | null };
  Mounts?: { Destination: string }[] | null;
}

/** How far a container has come. One that cannot be started has ended, too. */
export function stageOf({ Status, Error }: ContainerState): 'created' | 'running' | 'ended' {
  if (Status === 'created') return Error === '' ? 'created' : 'ended';
  return Status === 'exited' || Status === 'dead' ? 'ended' : 'running';
}

/** As lists have containers. */
export interface ListedContainer {
  Id: string;
  State: ContainerState['Status'];
  /** Seconds since 1970. */
  Created: number;
  Labels: Labels;
}

export interface Volume {
  Name: string;
  Labels: Labels | null;
}

export interface EngineEvent {
  Type: string;
  Action: string;
  Actor: { ID: string; Attributes?: Record<string, string> };
  timeNano: number;
}
