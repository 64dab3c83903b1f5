import { type ChildProcess, spawn } from 'node:child_process';
import { type CompiledValidator, parseJson, validated } from '@tinyd/core';
import { helperCredentials } from '../generated/validators';
import type { Environment } from '../http/proxy';
import { printable } from '../http/redact';
import type { Credentials } from './credentials';

const TIMEOUT_MS = 10_000;
const MAX_OUTPUT = 1024 * 1024;
const NOT_FOUND = 'credentials not found in native keychain';

/**
 * Asks `docker-credential-<name>` for a server's credentials (docker-credential-helpers protocol: the server on stdin,
 * JSON or an error text on stdout). Found in PATH, run without a shell, given ten seconds.
 *
 * A helper that is missing, slow or fails is told to `onWarning`, since many images need no credentials.
 */
export async function credentialsFromHelper(
  name: string,
  server: string,
  env: Environment,
  onWarning: (text: string) => void,
): Promise<Credentials | undefined> {
  if (!/^[A-Za-z0-9._-]+$/.test(name)) {
    onWarning(`credential helper ${JSON.stringify(name)} is ignored: not a helper's name`);
    return undefined;
  }
  const program = `docker-credential-${name}`;
  try {
    const { output, status } = await run(program, server, env);
    if (status === 0) return parse(output);
    if (output.trim() !== NOT_FOUND)
      onWarning(`${program} failed: ${printable(output) || `status ${status}`}`);
  } catch (error) {
    onWarning(`${program} failed: ${error instanceof Error ? printable(error.message) : String(error)}`);
  }
  return undefined;
}

function parse(output: string): Credentials | undefined {
  const value = parseJson(Buffer.from(output), 'output of the credential helper', MAX_OUTPUT);
  const { Username, Secret } = validated<{ Username: string; Secret: string }>(
    helperCredentials as CompiledValidator,
    value,
    'output of the credential helper',
  );
  if (Secret === '') return undefined;
  // The protocol's way to say that the secret is an OAuth2 refresh token.
  if (Username === '<token>') return { type: 'identity-token', token: Secret };
  return { type: 'password', username: Username, password: Secret };
}

function run(
  program: string,
  input: string,
  env: Environment,
): Promise<{ output: string; status: number | null }> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = spawn(program, ['get'], {
      env: { ...env },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`no answer in ${TIMEOUT_MS / 1000} seconds`));
    }, TIMEOUT_MS);
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > MAX_OUTPUT) child.kill('SIGKILL');
    });
    // A helper may exit without reading.
    child.stdin?.on('error', () => {}).end(input);
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(error.code === 'ENOENT' ? new Error('not found in PATH') : error);
    });
    child.on('close', status => {
      clearTimeout(timer);
      resolve({ output, status });
    });
  });
}
