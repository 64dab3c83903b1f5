import * as Args from '@oclif/core/args';
import { isTinydError, TinydError } from '@tinyd/core';
import { TinydCommand } from '../command';
import { text, toggle } from '../flags/define';
import { Inspections } from '../present/inspections';
import { namedPlatform } from '../use-cases/platform';

/** What has a name, in the order in which a name is looked for; it is docker's. */
const TYPES = ['container', 'image', 'network', 'volume'] as const;

type InspectType = (typeof TYPES)[number];

interface InspectFlags {
  readonly size: boolean;
  readonly platform: string | undefined;
}

/** `tinyd inspect`: whatever has a name, with docker's keys. */
export default class Inspect extends TinydCommand {
  static override summary = 'Show all about what has a name, as JSON';
  static override examples = [
    'tinyd inspect web',
    "tinyd inspect -f '{{.State.ExitCode}}' web",
    "tinyd inspect -f '{{json .Config.Env}}' nginx",
    'tinyd inspect --type image nginx',
  ];
  static override args = { name: Args.string({ required: true, multiple: true, description: 'Name or ID' }) };
  static override flags = {
    format: text('json, or a template', 'FORMAT', { char: 'f' }),
    size: toggle("Add a container's sizes", { char: 's' }),
    type: text('container, image, network or volume', 'TYPE'),
    platform: text('Platform of an image, as os[/arch[/variant]]', 'PLATFORM'),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Inspect);
    const types = TYPES.filter(type => flags.type === undefined || flags.type === type);
    if (types.length === 0) {
      throw new TinydError(
        'ERR_TINYD_OPTION_INVALID',
        `cannot inspect objects of type ${JSON.stringify(flags.type)}`,
        { hint: `types are ${TYPES.join(', ')}` },
      );
    }
    const found = new Inspections(flags.format);
    await this.forEach(args.name, async name => {
      const object = await this.inspect(name, types, flags);
      found.add(object);
    });
    found.end();
  }

  private async inspect(name: string, types: readonly InspectType[], flags: InspectFlags): Promise<unknown> {
    for (const type of types) {
      try {
        return await this.inspectAs(type, name, flags);
      } catch (error) {
        if (types.length === 1 || !isMissing(error)) throw error;
      }
    }
    throw new TinydError(
      'ERR_TINYD_CONTAINER_NOT_FOUND',
      `cannot inspect ${JSON.stringify(name)}: no such container, image, network or volume`,
      { hint: 'tinyd ps -a, images, network ls and volume ls list them' },
    );
  }

  private inspectAs(type: InspectType, name: string, flags: InspectFlags): unknown {
    switch (type) {
      case 'container':
        return this.inspectContainer(name, flags.size);
      case 'image':
        return this.openStore().inspectImage(name, namedPlatform(flags.platform));
      case 'network':
        return this.openRuntime().networks.inspect(name);
      case 'volume':
        return this.openRuntime().volumes.inspect(name);
    }
  }

  private async inspectContainer(name: string, withSize: boolean): Promise<unknown> {
    const container = await this.openRuntime().reach(name);
    const document = container.inspect();
    if (!withSize) return document;
    const { imageId } = container.summary();
    const SizeRw = container.size();
    const image = this.openStore()
      .images()
      .find(row => row.id === imageId);
    return { ...document, SizeRw, SizeRootFs: SizeRw + (image?.sizeBytes ?? 0) };
  }
}

const MISSING: readonly string[] = [
  'ERR_TINYD_CONTAINER_NOT_FOUND',
  'ERR_TINYD_IMAGE_NOT_FOUND',
  'ERR_TINYD_REFERENCE_INVALID',
  'ERR_TINYD_NETWORK_NOT_FOUND',
  'ERR_TINYD_VOLUME_NOT_FOUND',
];

function isMissing(error: unknown): boolean {
  return isTinydError(error) && MISSING.includes(error.code);
}
