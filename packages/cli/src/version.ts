import { readFileSync } from 'node:fs';
import { join } from 'node:path';

declare const TINYD_VERSION: string | undefined;

/** Version of this package: written into the bundle when it is made, read from package.json elsewhere. */
export const VERSION: string = typeof TINYD_VERSION === 'string' ? TINYD_VERSION : readPackageVersion();

function readPackageVersion(): string {
  const text = readFileSync(join(__dirname, '..', 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
