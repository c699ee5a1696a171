import protobuf from 'protobufjs';

/**
 * What of BuildKit's messages is spoken here.
 * @see https://github.com/moby/buildkit api/services/control/control.proto, session/secrets/secrets.proto, session/auth/auth.proto;
 * https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message StatusResponse {
    repeated Vertex vertexes = 1;
    repeated VertexStatus statuses = 2;
    repeated VertexLog logs = 3;
  }
  message Timestamp { int64 seconds = 1; int32 nanos = 2; }
  message Vertex {
    string digest = 1;
    string name = 3;
    bool cached = 4;
    Timestamp started = 5;
    Timestamp completed = 6;
    string error = 7;
  }
  message VertexStatus {
    string id = 1;
    string vertex = 2;
    int64 current = 4;
    int64 total = 5;
    Timestamp timestamp = 6;
    Timestamp started = 7;
    Timestamp completed = 8;
  }
  message VertexLog {
    string vertex = 1;
    Timestamp timestamp = 2;
    int64 stream = 3;
    bytes msg = 4;
  }
  message GetSecretRequest { string id = 1; }
  message GetSecretResponse { bytes data = 1; }
  message CredentialsRequest { string host = 1; }
  message CredentialsResponse { string username = 1; string secret = 2; }
  message HealthCheckRequest {}
  message HealthCheckResponse { int32 status = 1; }
`);

/** How a message is written and read. */
export interface Coding<T> {
  encode(message: T): Buffer;
  /** @throws Error where it is none. */
  decode(bytes: Uint8Array): T;
}

function coding<T extends object>(name: string): Coding<T> {
  const type = root.lookupType(name);
  return {
    encode: (message) => Buffer.from(type.encode(type.fromObject(message)).finish()),
    decode: (bytes) => type.toObject(type.decode(bytes), { longs: Number, defaults: true, arrays: true }) as T,
  };
}

export interface Timestamp {
  seconds: number;
  nanos: number;
}

/** A step of a build, again and again as it changes. */
export interface Vertex {
  digest: string;
  name: string;
  cached: boolean;
  started: Timestamp | null;
  completed: Timestamp | null;
  /** Empty: none. */
  error: string;
}

/** A part of a step: a layer that is fetched, an image that is written. */
export interface VertexStatus {
  id: string;
  vertex: string;
  current: number;
  /** 0: not known. */
  total: number;
  timestamp: Timestamp | null;
  started: Timestamp | null;
  completed: Timestamp | null;
}

/** What a step writes, cut anywhere. */
export interface VertexLog {
  vertex: string;
  timestamp: Timestamp | null;
  /** 1: stdout, 2: stderr. */
  stream: number;
  msg: Uint8Array;
}

export interface StatusResponse {
  vertexes: Vertex[];
  statuses: VertexStatus[];
  logs: VertexLog[];
}

export const statusResponse = coding<StatusResponse>('StatusResponse');
export const secretRequest = coding<{ id: string }>('GetSecretRequest');
export const secretResponse = coding<{ data: Uint8Array }>('GetSecretResponse');
export const credentialsRequest = coding<{ host: string }>('CredentialsRequest');
export const credentialsResponse = coding<{ username?: string; secret?: string }>('CredentialsResponse');
export const healthRequest = coding<object>('HealthCheckRequest');
export const healthResponse = coding<{ status: number }>('HealthCheckResponse');
