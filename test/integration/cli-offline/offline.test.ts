import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from '../../support/tinyd';

const COMMAND = join(REPOSITORY, 'packages', 'cli', 'bin', 'tinyd');

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** No command here needs a network, an image or a container. */
describe('the command line, offline', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'tinyd-offline-'));
    chmodSync(folder, 0o777);
  });
  after(() => rmSync(folder, { recursive: true }));

  function tinyd(args: readonly string[], options: { uid?: number; env?: NodeJS.ProcessEnv } = {}): Outcome {
    const env = {
      PATH: process.env.PATH,
      HOME: folder,
      TINYD_ROOT: join(folder, 'root'),
      TINYD_STATE: join(folder, 'state'),
      ...options.env,
    };
    const identity = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
    const { status, stdout, stderr, error } = spawnSync(COMMAND, args, {
      env,
      encoding: 'utf8',
      ...identity,
    });
    assert.ifError(error);
    return { code: status, stdout, stderr };
  }

  /** Fails with `code` and one line that matches; nothing goes to stdout. */
  function refuses(args: readonly string[], code: number, line: RegExp): void {
    const outcome = tinyd(args);
    assert.equal(outcome.code, code, outcome.stderr);
    assert.equal(outcome.stdout, '');
    assert.match(outcome.stderr, line);
    assert.equal(outcome.stderr.trimEnd().split('\n').length, 1, outcome.stderr);
  }

  it('tells by exit status alone what is not there', () => {
    for (const object of ['container', 'image', 'volume']) {
      assert.deepEqual(tinyd([object, 'exists', 'nope']), { code: 1, stdout: '', stderr: '' });
      assert.equal(tinyd([object, 'exists']).code, 125);
    }
  });

  it('lists its commands in groups when it is given nothing', () => {
    const { code, stdout, stderr } = tinyd([]);
    assert.equal(code, 0);
    assert.equal(stderr, '');
    assert.match(
      stdout,
      /^tinyd pulls images and runs containers, without a daemon\.\n\nUsage: {2}tinyd \[OPTIONS\] COMMAND/,
    );
    for (const group of ['Images', 'Containers', 'Other'])
      assert.match(stdout, new RegExp(`^${group}:$`, 'm'));
    for (const command of ['pull', 'images', 'run', 'exec', 'attach', 'logs', 'rmi', 'completion']) {
      assert.match(stdout, new RegExp(`^ {2}${command} +[A-Z]`, 'm'));
    }
    assert.equal(tinyd(['--help']).stdout, stdout);
    assert.equal(tinyd(['help']).stdout, stdout);
  });

  it('explains every command, with examples', () => {
    const names = [...tinyd([]).stdout.matchAll(/^ {2}([a-z]+) {2,}[A-Z]/gm)].map(match => match[1] ?? '');
    assert.ok(names.length >= 20);
    for (const name of names) {
      const { code, stdout, stderr } = tinyd(['help', name]);
      assert.deepEqual([code, stderr], [0, ''], name);
      assert.match(stdout, new RegExp(`^USAGE\\n {2}\\$ tinyd ${name}`, 'm'));
      assert.match(stdout, /^EXAMPLES$/m, name);
      assert.match(stdout, /^GLOBAL FLAGS$/m, name);
      assert.doesNotMatch(stdout, /undefined|\[object/, name);
    }
    assert.equal(tinyd(['run', '-it', '--help', 'busybox']).stdout, tinyd(['help', 'run']).stdout);
  });

  it('tells its version', () => {
    assert.match(tinyd(['--version']).stdout, /^tinyd version \d+\.\d+\.\d+\n$/);
    assert.match(tinyd(['version', '--format', '{{.Version}}']).stdout, /^\d+\.\d+\.\d+\n$/);
    assert.equal(JSON.parse(tinyd(['version', '-f', 'json']).stdout).NodeVersion, process.version);
  });

  it('answers about a store that is not there yet, and makes nothing', () => {
    assert.equal(tinyd(['images']).stdout, 'REPOSITORY   TAG       IMAGE ID   CREATED   SIZE\n');
    assert.equal(
      tinyd(['ps', '-a']).stdout,
      'CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES\n',
    );
    assert.equal(tinyd(['container', 'ls', '-q']).stdout, '');
    assert.equal(tinyd(['image', 'ls', '--format', 'json']).stdout, '');
    assert.equal(tinyd(['images', '--json']).stdout, '[]\n');
    assert.equal(tinyd(['info', '-f', '{{.Images}}/{{.Containers}}']).stdout, '0/0\n');
    assert.equal(spawnSync('ls', ['-A', join(folder, 'root')], { encoding: 'utf8' }).status, 2);
  });

  it('takes global options in front of the command and behind it', () => {
    const root = join(folder, 'elsewhere');
    assert.equal(tinyd(['--root', root, 'info', '-f', '{{.DockerRootDir}}']).stdout, `${root}\n`);
    assert.equal(tinyd(['info', `--root=${root}`, '-f', '{{.DockerRootDir}}']).stdout, `${root}\n`);
    refuses(
      ['--root', 'relative', 'images'],
      1,
      /--root "relative": want an absolute path \(ERR_TINYD_OPTION_INVALID\)/,
    );
  });

  it('refuses wrong command lines in one line', () => {
    refuses(['imags'], 1, /^tinyd: unknown command: "imags" \(ERR_TINYD_USAGE\)\. did you mean images\?$/m);
    refuses(['container', 'lst'], 1, /unknown command: "container lst".*did you mean container ls\?/);
    refuses(['run', '--entrypiont', 'x', 'absent'], 125, /did you mean --entrypoint\?$/m);
    refuses(['ps', '--nope'], 1, /^tinyd ps: unknown flag: --nope \(ERR_TINYD_USAGE\)/);
    refuses(['images', 'a', 'b'], 1, /at most one argument/);
    refuses(['rmi'], 125, /needs at least one argument: IMAGE\.\.\./);
    refuses(['run'], 125, /needs at least one argument: IMAGE \[COMMAND\.\.\.\]/);
    refuses(['run', '-x', 'busybox'], 125, /unknown shorthand flag: 'x' in -x/);
    refuses(['exec', 'web'], 125, /needs at least 2 arguments/);
    refuses(['images', '--format', '{{.Nope'], 1, /unclosed action/);
    refuses(['ps', '--filter', 'color=red'], 1, /invalid filter "color=red".*filters are id, name/);
    refuses(['completion', 'csh'], 1, /want bash, zsh or fish/);
  });

  it('refuses wrong options before anything is pulled', () => {
    refuses(
      ['run', '-m', 'zz', 'absent'],
      125,
      /invalid argument "zz" for --memory: .*ERR_TINYD_OPTION_INVALID/,
    );
    refuses(['run', '-p', '99999:80', 'absent'], 125, /"99999" is no port/);
    refuses(['create', '-v', 'data:/x:rshared', 'absent'], 125, /rshared is for host folders/);
    refuses(['create', '--mount', 'type=image,dst=/x', 'absent'], 125, /it names no image/);
    refuses(['run', '--gpus', 'all', 'absent'], 125, /--gpus.*ERR_TINYD_OPTION_UNSUPPORTED/);
    refuses(['run', '-d', '-a', 'stdout', 'absent'], 125, /--attach and --detach/);
    refuses(['run', '--pull', 'sometimes', 'absent'], 125, /want always, missing or never/);
    refuses(['run', '--pull', 'never', 'absent'], 125, /ERR_TINYD_IMAGE_NOT_FOUND/);
    refuses(['run', '-it', '--pull', 'never', 'absent'], 1, /not a TTY \(ERR_TINYD_NOT_A_TERMINAL\)/);
    refuses(['pull', 'UPPER/Case'], 1, /ERR_TINYD_REFERENCE_INVALID/);
    refuses(['pull', '--progress', 'loud', 'nginx'], 1, /want auto, tty, plain, json or none/);
  });

  it('knows every flag of docker run: it reads it or names it in a refusal', () => {
    const flags = DOCKER_RUN_FLAGS.split(' ');
    for (const flag of flags) {
      const { stderr } = tinyd(['run', `--${flag}`]);
      assert.doesNotMatch(stderr, /unknown flag/, flag);
    }
  });

  it("tells what is missing by status: 1 for an object, docker's 125 for run", () => {
    refuses(
      ['inspect', '-f', '{{.Id}}', 'nobody'],
      1,
      /cannot inspect "nobody": no such container, image, network or volume/,
    );
    assert.equal(tinyd(['inspect', 'nobody']).stdout, '[]\n');
    refuses(['rmi', 'absent'], 1, /absent.*ERR_TINYD_IMAGE_NOT_FOUND/);
    refuses(['rm', 'nobody'], 1, /nobody.*ERR_TINYD_CONTAINER_NOT_FOUND/);
    assert.equal(tinyd(['rm', '-f', 'nobody']).code, 0);
    refuses(['start', 'nobody'], 1, /nobody/);
    refuses(['exec', 'nobody', 'true'], 1, /nobody/);
    assert.equal(tinyd(['stop', 'one', 'two']).stderr.trimEnd().split('\n').length, 2);
  });

  it('shows a stack only when asked to', () => {
    assert.doesNotMatch(tinyd(['rmi', 'absent']).stderr, /\n\s+at /);
    assert.match(tinyd(['rmi', '--debug', 'absent']).stderr, /\n\s+at /);
    assert.match(tinyd(['rmi', 'absent'], { env: { TINYD_DEBUG: '1' } }).stderr, /\n\s+at /);
  });

  it('tells an ordinary user in one line why root is needed, and still helps', () => {
    const nobody = 65534;
    const { code, stderr } = tinyd(['pull', 'nginx'], { uid: nobody });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^tinyd pull: cannot run tinyd pull as an ordinary user: layers keep the owners.*\(ERR_TINYD_NOT_ROOT\)\. run it as root: sudo tinyd pull …\n$/,
    );
    assert.equal(tinyd(['run', 'busybox'], { uid: nobody }).code, 125);
    for (const args of [['version'], ['--help'], ['run', '--help'], ['completion', 'bash']]) {
      assert.equal(tinyd(args, { uid: nobody }).code, 0, args.join(' '));
    }
  });

  it('completes in bash, zsh and fish', () => {
    const bash = tinyd(['completion', 'bash']).stdout;
    const script = `${bash}\nCOMP_WORDS=(tinyd run --memory-s); COMP_CWORD=2; _tinyd; echo "\${COMPREPLY[@]}"
COMP_WORDS=(tinyd im); COMP_CWORD=1; _tinyd; echo "\${COMPREPLY[@]}"
COMP_WORDS=(tinyd container unp); COMP_CWORD=2; _tinyd; echo "\${COMPREPLY[@]}"
COMP_WORDS=(tinyd container prune --fo); COMP_CWORD=3; _tinyd; echo "\${COMPREPLY[@]}"
COMP_WORDS=(tinyd --debug container ls --no); COMP_CWORD=4; _tinyd; echo "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    assert.equal(
      stdout,
      '--memory-swap --memory-swappiness\nimages import image\nunpause\n--force\n--no-trunc\n',
      stderr,
    );
    assert.match(tinyd(['completion', 'zsh']).stdout, /^#compdef tinyd\n/);
    assert.match(tinyd(['completion', 'fish']).stdout, /^complete -c tinyd /);
  });

  it('ends quietly when its reader goes away', () => {
    const script = `"${COMMAND}" help run | head -1`;
    const { status, stdout, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', script], {
      encoding: 'utf8',
    });
    assert.deepEqual([status, stdout, stderr], [0, 'Create a container from an image and start it\n', '']);
  });

  it('leaves no process behind that holds what it was given', () => {
    // The folder is busy while anything stands in it; the pipe ends when nothing writes to it any more.
    const script = `mount -t tmpfs none "$1" && cd "$1" && "${COMMAND}" version && cd / && umount "$1"`;
    const { status, stderr } = spawnSync('unshare', ['-m', 'sh', '-ec', script, 'sh', folder], {
      encoding: 'utf8',
    });
    assert.deepEqual([status, stderr], [0, '']);
  });

  it('ends in good order when node was asked what of it ran', () => {
    const coverage = mkdtempSync(join(folder, 'coverage-'));
    assert.equal(tinyd(['version'], { env: { NODE_V8_COVERAGE: coverage } }).code, 0);
    assert.equal(readdirSync(coverage).length, 1);
  });

  it('keeps one code cache a command, and survives a damaged one', () => {
    const caches = join(REPOSITORY, 'packages', 'cli', 'dist', 'bundle', 'cache');
    const versionCache = () =>
      readdirSync(caches).find(name => /^tinyd\.js-[0-9a-f]{16}-v[\d.]+-\w+-version$/.test(name));
    const wanted = tinyd(['version']).stdout;
    const path = join(caches, versionCache() ?? assert.fail('no cache was written'));
    const hashes = readdirSync(caches).flatMap(name => /^tinyd\.js-(\w{16})-/.exec(name)?.[1] ?? []);
    assert.equal(new Set(hashes).size, 1, 'caches of earlier bundles stayed');
    assert.ok(!readdirSync(caches).some(name => name.endsWith('-relative') || name.endsWith('-imags')));

    const good = readFileSync(path);
    for (const damaged of [good.subarray(0, good.length / 2), Buffer.from('nonsense'), Buffer.alloc(0)]) {
      writeFileSync(path, damaged);
      assert.deepEqual(tinyd(['version']), { code: 0, stdout: wanted, stderr: '' });
      assert.equal(
        readFileSync(path).subarray(0, 4).compare(good.subarray(0, 4)),
        0,
        'it was not written anew',
      );
    }
  });

  it('does not run cached code that others can write', () => {
    const caches = join(REPOSITORY, 'packages', 'cli', 'dist', 'bundle', 'cache');
    tinyd(['version']);
    const name =
      readdirSync(caches).find(each => each.startsWith('tinyd.js-') && each.endsWith('-version')) ?? '';
    const path = join(caches, name);
    chmodSync(path, 0o666);
    assert.equal(tinyd(['version']).code, 0);
    assert.equal(statSync(path).mode & 0o777, 0o644, 'it was used as it is');
  });
});

/** Long flags of `docker run --help` (28.2.2). */
const DOCKER_RUN_FLAGS =
  'add-host annotation attach blkio-weight blkio-weight-device cap-add cap-drop cgroup-parent cgroupns cidfile cpu-count cpu-percent cpu-period cpu-quota cpu-rt-period cpu-rt-runtime cpu-shares cpus cpuset-cpus cpuset-mems detach detach-keys device device-cgroup-rule device-read-bps device-read-iops device-write-bps device-write-iops disable-content-trust dns dns-option dns-search domainname entrypoint env env-file expose gpus group-add health-cmd health-interval health-retries health-start-interval health-start-period health-timeout hostname init interactive io-maxbandwidth io-maxiops ip ip6 ipc isolation kernel-memory label label-file link link-local-ip log-driver log-opt mac-address memory memory-reservation memory-swap memory-swappiness mount name network network-alias no-healthcheck oom-kill-disable oom-score-adj pid pids-limit platform privileged publish publish-all pull quiet read-only restart rm runtime security-opt shm-size sig-proxy stop-signal stop-timeout storage-opt sysctl tmpfs tty ulimit use-api-socket user userns uts volume volume-driver volumes-from workdir';
