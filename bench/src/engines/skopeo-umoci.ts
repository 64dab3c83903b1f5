import { join } from 'node:path';
import type { Engine } from './engine';
import { cleanEnvironment, versionOf } from './surroundings';

/** skopeo fetches into an OCI layout, umoci unpacks it: what is left when no engine is wanted. */
export function findSkopeoUmoci(): Engine | undefined {
  const env = cleanEnvironment();
  const skopeo = versionOf(['skopeo', '--version'], env);
  const umoci = versionOf(['umoci', '--version'], env);
  if (skopeo === undefined || umoci === undefined) return undefined;
  return {
    name: 'skopeo+umoci',
    version: `${skopeo}+${umoci}`,
    open: folder => {
      const names = (image: string) => {
        const name = image.replace(/^.*\//, '').replace(/\W/g, '-');
        return { layout: join(folder, 'layout'), name, bundle: join(folder, name) };
      };
      return {
        pull: image => {
          const { layout, name, bundle } = names(image);
          const script =
            'skopeo copy -q --src-tls-verify=false "docker://$1" "oci:$2:$3" && umoci unpack --image "$2:$3" "$4"';
          return { argv: ['sh', '-c', script, 'pull', image, layout, name, bundle], env };
        },
        tree: image => ({ path: join(names(image).bundle, 'rootfs'), unmount: () => {} }),
        close: () => {},
      };
    },
  };
}
