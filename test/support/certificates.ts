import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** PEM texts of a key and its certificate. */
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

/** An authority of one test run, made with openssl. */
export class CertificateAuthority {
  readonly folder = mkdtempSync(join(tmpdir(), 'tinyd-ca-'));
  readonly caFile = join(this.folder, 'ca.crt');

  constructor(name = 'tinyd test authority') {
    this.#openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      '-keyout',
      'ca.key',
      '-out',
      'ca.crt',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    );
  }

  get cert(): string {
    return readFileSync(this.caFile, 'utf8');
  }

  /** @param names `DNS:registry.test`, `IP:127.0.0.1`. */
  issue(names: readonly string[], days = '2'): KeyPair {
    writeFileSync(join(this.folder, 'leaf.ext'), `subjectAltName=${names.join(',')}\n`);
    this.#openssl('req', ...NEW_KEY, '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', '/CN=leaf');
    const signing = [
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-extfile',
      'leaf.ext',
      '-days',
      days,
    ];
    this.#openssl('x509', '-req', '-in', 'leaf.csr', '-out', 'leaf.crt', ...signing);
    return { key: this.#read('leaf.key'), cert: this.#read('leaf.crt') };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  #read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.folder, stdio: 'pipe' });
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
