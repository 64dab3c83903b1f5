import * as Args from '@oclif/core/args';
import type { PortMapping } from '@tinyd/runtime';
import { parsePublish } from './ports';

/** What `port add` and `port rm` are given. */
export const portArguments = {
  container: Args.string({ required: true, description: 'Name or ID' }),
  port: Args.string({
    required: true,
    multiple: true,
    description: '[ip:][hostPort:]containerPort[/tcp|udp]',
  }),
};

/** The ports among {@link portArguments}. Fails with ERR_TINYD_OPTION_INVALID. */
export function portMappings(texts: readonly string[]): PortMapping[] {
  return texts.flatMap(text => parsePublish('publish', text));
}
