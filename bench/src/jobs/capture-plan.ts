import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { launchHelper } from '../../../packages/runtime/dist/helper/launch';

/**
 * Program: a command of tinyd that also writes the plan that it hands to its helper. Arguments: the file, then tinyd's own.
 * It reaches behind the packages' entries, as a test of the helper does: a plan is nobody's public business.
 */
const PACKAGES = join(__dirname, '../../../packages');

const launch = require(join(PACKAGES, 'runtime/dist/helper/launch.js')) as {
  launchHelper: typeof launchHelper;
};
const { main } = require(join(PACKAGES, 'cli/dist/main.js')) as {
  main(argv: readonly string[]): Promise<string>;
};

const [file = '', ...argv] = process.argv.slice(2);
const original = launch.launchHelper;
launch.launchHelper = (plan, attach) => {
  writeFileSync(file, plan);
  return original(plan, attach);
};
void main(argv);
