import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dockerCredentials } from '@tinyd/registry';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const password = (username: string, secret: string) => ({ type: 'password', username, password: secret });

describe('docker credentials', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tinyd-credentials-'));
  });
  after(() => rm(folder, { recursive: true }));

  const from = (config: unknown, domain: string) =>
    dockerCredentials({
      DOCKER_CONFIG: '/nonexistent',
      DOCKER_AUTH_CONFIG: typeof config === 'string' ? config : JSON.stringify(config),
    })(domain);

  it('there may be none', async () => {
    strictEqual(await dockerCredentials({ DOCKER_CONFIG: '/nonexistent' })('docker.io'), undefined);
    strictEqual(await from({}, 'docker.io'), undefined);
    strictEqual(await from({ auths: { 'ghcr.io': {} } }, 'ghcr.io'), undefined);
  });

  it('docker.io has four names', async () => {
    for (const key of [
      'https://index.docker.io/v1/',
      'index.docker.io',
      'docker.io',
      'registry-1.docker.io',
    ]) {
      deepStrictEqual(
        await from({ auths: { [key]: { auth: base64('u:p') } } }, 'docker.io'),
        password('u', 'p'),
        key,
      );
    }
    strictEqual(await from({ auths: { 'hub.docker.io': { auth: base64('u:p') } } }, 'docker.io'), undefined);
  });

  it('other registries stand with or without scheme and version, but with their port', async () => {
    for (const key of [
      'r.test:5000',
      'https://r.test:5000',
      'http://r.test:5000/v1/',
      'https://r.test:5000/v2/',
    ]) {
      deepStrictEqual(
        await from({ auths: { [key]: { auth: base64('u:p') } } }, 'r.test:5000'),
        password('u', 'p'),
        key,
      );
    }
    for (const key of ['r.test', 'r.test:5001', 'x.r.test:5000', 'https://evil/r.test:5000']) {
      strictEqual(await from({ auths: { [key]: { auth: base64('u:p') } } }, 'r.test:5000'), undefined, key);
    }
  });

  it('the password is what follows the first colon, without padding zeros', async () => {
    deepStrictEqual(await from({ auths: { r: { auth: base64('u:p:q\n') } } }, 'r'), password('u', 'p:q\n'));
    deepStrictEqual(await from({ auths: { r: { auth: base64('u:p\0\0') } } }, 'r'), password('u', 'p'));
    deepStrictEqual(await from({ auths: { r: { username: 'u', password: 'p' } } }, 'r'), password('u', 'p'));
    await rejects(from({ auths: { r: { auth: base64('nocolon') } } }, 'r'), {
      code: 'ERR_TINYD_CREDENTIALS',
    });
  });

  it('there may be tokens in their place', async () => {
    deepStrictEqual(await from({ auths: { r: { auth: base64('u:p'), identitytoken: 't' } } }, 'r'), {
      type: 'identity-token',
      token: 't',
    });
    deepStrictEqual(await from({ auths: { r: { registrytoken: 't' } } }, 'r'), {
      type: 'registry-token',
      token: 't',
    });
  });

  it('a file that is none is named, and its content is not shown', async () => {
    for (const bad of ['{', '{"auths":[]}', '{"auths":{"r":{"auth":1}}}', '{"credHelpers":{"r":1}}']) {
      await rejects(from(bad, 'r'), { code: 'ERR_TINYD_CREDENTIALS' }, bad);
    }
    await writeFile(join(folder, 'config.json'), 'my secret');
    await rejects(
      dockerCredentials({ DOCKER_CONFIG: folder })('r'),
      (error: Error) => error.message.includes('config.json') && !error.message.includes('secret'),
    );
  });

  describe('helpers', () => {
    const helper = async (script: string, config: object = { credsStore: 'h' }, domain = 'r.test') => {
      const program = join(folder, 'docker-credential-h');
      await writeFile(program, `#!/bin/sh\n${script}\n`);
      await chmod(program, 0o755);
      const warnings: string[] = [];
      const env = {
        DOCKER_CONFIG: '/nonexistent',
        DOCKER_AUTH_CONFIG: JSON.stringify(config),
        PATH: `${folder}:/usr/bin:/bin`,
      };
      const found = await dockerCredentials(env, text => warnings.push(text))(domain);
      return { found, warnings };
    };
    const prints = (value: object) => `cat >/dev/null; echo '${JSON.stringify(value)}'`;

    it('are asked for docker.io by its old address', async () => {
      const echo = `read server || true; echo "{\\"Username\\":\\"u\\",\\"Secret\\":\\"$1 $server\\"}"`;
      deepStrictEqual(
        (await helper(echo, undefined, 'docker.io')).found,
        password('u', 'get https://index.docker.io/v1/'),
      );
      deepStrictEqual((await helper(echo)).found, password('u', 'get r.test'));
    });

    it('of one registry come before the one for all, and both before auths', async () => {
      const config = {
        credHelpers: { 'r.test': 'h' },
        credsStore: 'missing',
        auths: { 'r.test': { auth: base64('a:b') } },
      };
      deepStrictEqual(
        (await helper(prints({ Username: 'u', Secret: 's' }), config)).found,
        password('u', 's'),
      );
    });

    it('may have an identity token', async () => {
      deepStrictEqual((await helper(prints({ Username: '<token>', Secret: 's' }))).found, {
        type: 'identity-token',
        token: 's',
      });
    });

    it('may know nothing, which is no failure', async () => {
      const { found, warnings } = await helper("echo 'credentials not found in native keychain'; exit 1");
      strictEqual(found, undefined);
      deepStrictEqual(warnings, []);
    });

    it('that fail, babble or are missing are told, and auths still count', async () => {
      const failed = await helper("printf 'no\\033[2J session\\n'; exit 1", {
        credsStore: 'h',
        auths: { 'r.test': { auth: base64('a:b') } },
      });
      deepStrictEqual(failed, {
        found: password('a', 'b'),
        warnings: ['docker-credential-h failed: no [2J session'],
      });
      ok((await helper('echo nonsense')).warnings[0]?.includes('not JSON'));
      ok((await helper('true', { credsStore: 'absent' })).warnings[0]?.includes('not found in PATH'));
      ok((await helper('true', { credsStore: '../h' })).warnings[0]?.includes('ignored'));
      ok((await helper('head -c 3000000 /dev/zero')).warnings.length === 1);
    });
  });
});
