import { expect, test } from 'vitest';
import { isTokenHost, mayLead, registryUrl } from '../../activities/images/registry/places.ts';

const options = {
  insecureHosts: ['lab.example:5000', 'old.example', 'Plain.Example:80'],
  tokenHosts: { 'registry.corp.example': ['auth.corp.example'], 'ports.example': ['auth.example:8443'] },
};

test.each([
  ['docker.io', 'https://registry-1.docker.io'],
  ['registry.example', 'https://registry.example'],
  ['registry.example:5000', 'https://registry.example:5000'],
  ['localhost:5000', 'http://localhost:5000'],
  ['127.0.0.1:443', 'http://127.0.0.1:443'],
  ['127.1', 'http://127.0.0.1'],
  ['[::1]:5000', 'http://[::1]:5000'],
  ['localhost.example', 'https://localhost.example'],
  ['127.0.0.1.example', 'https://127.0.0.1.example'],
  ['lab.example:5000', 'http://lab.example:5000'],
  ['lab.example', 'https://lab.example'],
  ['old.example:81', 'http://old.example:81'],
  ['plain.example:80', 'http://plain.example'],
])('registry %s answers at %s', (host, origin) => {
  expect(registryUrl(host, options).origin).toBe(origin);
});

test.each([
  ['https://r.example', 'https://r.example/x', true],
  ['https://r.example', 'https://storage.cloud.example/x?signature=1', true],
  ['https://r.example', 'http://r.example/x', false],
  ['https://r.example', 'http://old.example/x', false],
  ['https://r.example', 'http://169.254.169.254/latest/meta-data', false],
  ['https://r.example', 'http://127.0.0.1:2375/info', false],
  ['https://r.example', 'https://127.0.0.1/x', false],
  ['https://r.example', 'https://localhost/x', false],
  ['https://r.example', 'https://[::1]/x', false],
  ['https://r.example', 'https://user:secret@s.example/x', false],
  ['https://r.example', 'file:///etc/passwd', false],
  ['https://r.example', 'ftp://s.example/x', false],
  ['https://r.example', 'data:text/plain,x', false],
  ['http://old.example', 'http://lab.example:5000/x', true],
  ['http://old.example', 'http://169.254.169.254/latest/meta-data', false],
  ['http://old.example', 'http://127.0.0.1:2375/info', false],
  ['http://127.0.0.1:5000', 'http://127.0.0.1:9000/x', true],
  ['http://127.0.0.1:5000', 'https://s.example/x', true],
  ['http://127.0.0.1:5000', 'http://169.254.169.254/', false],
])('%s may lead to %s: %s', (from, to, expected) => {
  expect(mayLead(new URL(from), new URL(to), options)).toBe(expected);
});

test.each([
  ['registry.example', 'https://registry.example/token', true],
  ['registry.example:5000', 'https://registry.example:5001/token', true],
  ['registry.example', 'http://registry.example/token', false],
  ['registry.example', 'https://auth.example/token', false],
  ['registry.example', 'https://registry.example.evil.example/token', false],
  ['mine.azurecr.io', 'https://evil.azurecr.io/oauth2/token', false],
  ['registry.example', 'https://169.254.169.254/', false],
  ['registry.example', 'file:///registry.example', false],
  ['registry.example', 'https://user@registry.example/', false],
  ['docker.io', 'https://auth.docker.io/token', true],
  ['docker.io', 'https://evil.docker.io/token', false],
  ['docker.io', 'http://auth.docker.io/token', false],
  ['registry.example', 'https://auth.docker.io/token', false],
  ['registry.gitlab.com', 'https://gitlab.com/jwt/auth', true],
  ['registry.corp.example', 'https://auth.corp.example/token', true],
  ['registry.corp.example', 'http://auth.corp.example/token', false],
  ['registry.example', 'https://auth.corp.example/token', false],
  ['ports.example', 'https://auth.example:8443/token', true],
  ['ports.example', 'https://auth.example/token', false],
  ['old.example', 'http://old.example/token', true],
  ['toString', 'https://auth.example/token', false],
  ['127.0.0.1:5000', 'http://127.0.0.1:5001/token', true],
  ['127.0.0.1:5000', 'http://localhost:5001/token', false],
])('registry %s has its tokens from %s: %s', (host, realm, expected) => {
  expect(isTokenHost(host, new URL(realm), options)).toBe(expected);
});
