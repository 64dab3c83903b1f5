import { TinydError } from '@tinyd/core';
import type { SpecDeviceRule } from '../spec-types';

const RULE = /^([abc]) (\d{1,6}|\*):(\d{1,7}|\*) (?!.*(.).*\4)([rwm]{1,3})$/;

/**
 * Reads `--device-cgroup-rule`s: type, numbers or `*`, access.
 *
 * `a` becomes a rule for block and one for character devices: to the kernel a rule of type `a` grants everything,
 * whatever else it says (cgroup-v1/devices.rst).
 *
 * Fails with ERR_TINYD_OPTION_INVALID.
 */
export function deviceCgroupRules(rules: readonly string[] = []): SpecDeviceRule[] {
  return rules.flatMap(text => {
    const match = RULE.exec(text);
    if (match === null) {
      throw new TinydError(
        'ERR_TINYD_OPTION_INVALID',
        `cannot allow devices by ${JSON.stringify(text)}: not a rule for devices`,
        { hint: '--device-cgroup-rule "c 10:229 rwm", * for any number', details: { rule: text } },
      );
    }
    const [, type, major, minor, , access = ''] = match;
    const types = type === 'a' ? (['b', 'c'] as const) : [type === 'b' ? ('b' as const) : ('c' as const)];
    return types.map(each => ({
      allow: true,
      type: each,
      ...(major === '*' ? {} : { major: Number(major) }),
      ...(minor === '*' ? {} : { minor: Number(minor) }),
      access,
    }));
  });
}
