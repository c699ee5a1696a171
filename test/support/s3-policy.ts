import { readFile } from 'node:fs/promises';
import type { S3Proxy, S3Request } from './s3-proxy.ts';

/** What a policy of AWS can say, as far as those in deploy/s3 say it. */
interface Statement {
  Sid: string;
  Effect: 'Allow';
  Action: string | string[];
  Resource: string | string[];
  Condition?: Partial<Record<'StringLike' | 'Null' | 'Bool', Record<string, string>>>;
}

/** What S3 asks a policy. */
interface Question {
  action: string;
  resource: string;
  context: Readonly<Record<string, string>>;
}

type Policy = (request: S3Request) => boolean;

/** A policy of deploy/s3, for another place than the one in it. @throws an Error where it says what this does not understand */
async function policyOf(role: 'admin' | 'client' | 'agent', bucket: string, prefix: string): Promise<Policy> {
  const text = await readFile(new URL(`../../deploy/s3/${role}.json`, import.meta.url), 'utf8');
  const placed = text
    .replaceAll('team-runs/relaunch/', `${bucket}/${prefix}/`)
    .replaceAll('team-runs', bucket)
    .replaceAll('"relaunch/', `"${prefix}/`);
  const { Statement: statements } = JSON.parse(placed) as { Statement: Statement[] };
  for (const { Effect } of statements as { Effect: string }[])
    if (Effect !== 'Allow') throw new Error(`${role}.json: the effect ${Effect} is not understood`);
  return (request) => questionsOf(request).every((question) => statements.some((each) => allows(each, question)));
}

function allows({ Action, Resource, Condition = {} }: Statement, { action, resource, context }: Question): boolean {
  return (
    [Action].flat().includes(action) &&
    [Resource].flat().some((each) => isLike(each, resource)) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => holds(operator, wanted, context[key])),
    )
  );
}

function holds(operator: string, wanted: string, value: string | undefined): boolean {
  switch (operator) {
    case 'StringLike':
      return value !== undefined && isLike(wanted, value);
    case 'Bool':
      return value === wanted;
    case 'Null':
      return String(value === undefined) === wanted;
    default:
      throw new Error(`the condition ${operator} is not understood`);
  }
}

/** Patterns of these policies have a star at most, and at their end. */
function isLike(pattern: string, text: string): boolean {
  const [start = '', rest, ...more] = pattern.split('*');
  if (rest === undefined) return text === pattern;
  if (rest !== '' || more.length > 0) throw new Error(`the pattern ${pattern} is not understood`);
  return text.startsWith(start);
}

/** What must be allowed for a request; nothing can allow one that a store never makes. */
function questionsOf({ method, bucket, key, query, headers }: S3Request): Question[] {
  const of = (action: string, context: Question['context'] = {}, resource = `${bucket}/${key}`): Question => ({
    action: `s3:${action}`,
    resource: `arn:aws:s3:::${resource}`,
    context,
  });
  const list = (prefix: string): Question => of('ListBucket', { 's3:prefix': prefix }, bucket);
  const put = (creates: boolean): Question => {
    const absent = headers['if-none-match'];
    return of('PutObject', {
      's3:ObjectCreationOperation': String(creates),
      ...(absent === undefined ? {} : { 's3:if-none-match': absent }),
    });
  };
  const isPart = query.has('uploadId');
  if (key === '') return method === 'GET' ? [list(query.get('prefix') ?? '')] : [of('Unknown')];
  switch (method) {
    case 'GET':
    case 'HEAD':
      // Who may not list is told of an object that is not there that it is forbidden; its key counts as prefix.
      return [of('GetObject'), list(key)];
    case 'PUT':
      return [put(!isPart)];
    case 'POST':
      return [put(isPart)];
    case 'DELETE':
      return [of(isPart ? 'AbortMultipartUpload' : 'DeleteObject')];
    default:
      return [of('Unknown')];
  }
}

/** What a proxy says that goes by the policies: of the access keys ADMIN, CLIENT and AGENT, with a number behind it or none. `denied` hears what it refuses. */
export async function byPolicies(
  bucket: string,
  prefix: string,
  denied: (request: S3Request) => void,
): Promise<S3Proxy['fault']> {
  const [admin, client, agent] = [
    await policyOf('admin', bucket, prefix),
    await policyOf('client', bucket, prefix),
    await policyOf('agent', bucket, prefix),
  ];
  const policies = new Map([
    ['ADMIN', admin],
    ['CLIENT', client],
    ['AGENT', agent],
  ]);
  return (request) => {
    if (policies.get(request.accessKey.replace(/\d+$/, ''))?.(request) === true) return undefined;
    denied(request);
    return { status: 403, code: 'AccessDenied', message: 'no policy allows it' };
  };
}
