import type { CredentialsFor } from './build-session.ts';
import type { EngineApi } from './engine-api.ts';

/** An engine, and how it is used. */
export interface EngineUse {
  api: EngineApi;
  credentials: CredentialsFor;
  /** One that says nothing for so long, in the middle of something, is given up. */
  silenceMs: number;
}
