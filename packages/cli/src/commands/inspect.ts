import * as Args from '@oclif/core/args';
import { isTinydError, TinydError } from '@tinyd/core';
import { TinydCommand } from '../command';
import { text, toggle } from '../flags/define';
import { showOut } from '../output';
import { renderFormat } from '../present/format';
import { namedPlatform } from '../use-cases/platform';

/** `tinyd inspect`: containers and images, with docker's keys. */
export default class Inspect extends TinydCommand {
  static override summary = 'Show all about containers and images, as JSON';
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
    type: text('container or image, where a name could be both', 'TYPE'),
    platform: text('Platform of an image, as os[/arch[/variant]]', 'PLATFORM'),
  };

  override async run(): Promise<void> {
    const { args, flags } = this.parseLine(Inspect);
    const type = flags.type;
    if (type !== undefined && type !== 'container' && type !== 'image') {
      throw new TinydError(
        'ERR_TINYD_OPTION_INVALID',
        `cannot inspect objects of type ${JSON.stringify(type)}`,
        {
          hint: 'types are container and image',
        },
      );
    }
    const found: unknown[] = [];
    await this.forEach(args.name, name => {
      const object = this.inspect(name, type, flags);
      if (flags.format === undefined) found.push(object);
      else showOut(renderFormat(object, flags.format));
    });
    if (flags.format === undefined) showOut(`${JSON.stringify(found, null, 4)}\n`);
  }

  private inspect(
    name: string,
    type: string | undefined,
    flags: { size: boolean; platform: string | undefined },
  ): unknown {
    try {
      if (type !== 'image') return this.inspectContainer(name, flags.size);
    } catch (error) {
      if (type === 'container' || !isMissing(error)) throw error;
    }
    try {
      return this.openStore().inspectImage(name, namedPlatform(flags.platform));
    } catch (error) {
      if (type === 'image' || !isMissing(error)) throw error;
      throw new TinydError(
        'ERR_TINYD_CONTAINER_NOT_FOUND',
        `cannot inspect ${JSON.stringify(name)}: no such container or image`,
        {
          cause: error,
          hint: 'tinyd ps -a and tinyd images list them',
        },
      );
    }
  }

  private inspectContainer(name: string, withSize: boolean): unknown {
    const container = this.openRuntime().find(name);
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

function isMissing(error: unknown): boolean {
  return (
    isTinydError(error) &&
    ['ERR_TINYD_CONTAINER_NOT_FOUND', 'ERR_TINYD_IMAGE_NOT_FOUND', 'ERR_TINYD_REFERENCE_INVALID'].includes(
      error.code,
    )
  );
}
