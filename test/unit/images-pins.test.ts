import { expect, onTestFinished, test, vi } from 'vitest';
import { ImagePins } from '../../activities/images/pins.ts';
import { agentRegistry } from '../../activities/images/registry/agent-registry.ts';
import { failsAs } from '../support/fails-as.ts';
import { ScriptedHttp } from '../support/scripted-http.ts';
import { asked, refuses, serveManifest, sha256 } from '../support/scripted-registry.ts';

const pins = (): ImagePins =>
  new ImagePins(agentRegistry({ dockerConfigDir: '/nowhere', registries: {}, patienceMs: 0 }));

test('a tag becomes a digest; what has one is asked of nobody', async () => {
  const registry = await ScriptedHttp.start();
  const config = { digest: sha256('config') };
  const digest = serveManifest(registry, 'team/train', { schemaVersion: 2, config, layers: [] }, ['v3']);
  const name = `${registry.host}/team/train`;
  expect(await pins().pin(`${name}:v3`)).toBe(`${name}@${digest}`);
  expect(await pins().pin(`${name}@${digest}`)).toBe(`${name}@${digest}`);
  expect(asked(registry)).toEqual(['HEAD /v2/team/train/manifests/v3']);
});

test('a tag stays where its registry does not have it, or does not show it: nodes may', async () => {
  const registry = await ScriptedHttp.start();
  const of = pins();
  expect(await of.pin(`${registry.host}/team/none:v1`)).toBe(`${registry.host}/team/none:v1`);
  registry.serve('/v2/team/hidden/manifests/v1', refuses(403, 'DENIED', 'not yours'));
  expect(await of.pin(`${registry.host}/team/hidden:v1`)).toBe(`${registry.host}/team/hidden:v1`);
});

test('a registry that fails is left alone for half a minute', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const registry = await ScriptedHttp.start();
  registry.serve('/v2/team/train/manifests/v1', refuses(503, 'UNAVAILABLE', 'later'));
  const name = `${registry.host}/team/train:v1`;
  const of = pins();
  const requests = async (): Promise<number> => {
    expect(await of.pin(name)).toBe(name);
    return asked(registry).length;
  };
  expect(await requests()).toBe(1);
  vi.advanceTimersByTime(29_000);
  expect(await requests()).toBe(1);
  vi.advanceTimersByTime(2_000);
  expect(await requests()).toBe(2);
});

test('what is no name of an image is refused', async () => {
  await expect(pins().pin('registry.example/Team/train')).rejects.toEqual(failsAs('LaunchRejected'));
});
