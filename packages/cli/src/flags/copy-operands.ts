import { TinydError } from '@tinyd/core';

/** What `cp` is asked to do. A path is undefined where the operand is `-`. */
export interface Copy {
  readonly direction: 'from' | 'to';
  readonly container: string;
  readonly inside: string;
  readonly host: string | undefined;
}

/** Reads the operands of `cp`. Fails with ERR_TINYD_USAGE unless exactly one of them is in a container. */
export function parseCopy(source: string, target: string): Copy {
  const [from, to] = [parseOperand(source), parseOperand(target)];
  if (from.container !== undefined && to.container !== undefined) {
    throw usage(
      'cannot copy from one container to another',
      'copy through a file or a pipe: tinyd cp A:/x - | tinyd cp - B:/',
    );
  }
  if (from.container !== undefined)
    return { direction: 'from', container: from.container, inside: from.path, host: hostPath(to.path) };
  if (to.container !== undefined)
    return { direction: 'to', container: to.container, inside: to.path, host: hostPath(from.path) };
  throw usage('cannot copy: neither operand is in a container', 'write CONTAINER:PATH for the one that is');
}

/** As docker: a path that begins with `/` or `.` is the host's, whatever colons it has. */
function parseOperand(text: string): { readonly container?: string; readonly path: string } {
  const colon = text.indexOf(':');
  if (colon === -1 || text.startsWith('/') || text.startsWith('.')) return { path: text };
  const [container, path] = [text.slice(0, colon), text.slice(colon + 1)];
  if (container === '' || path === '') {
    throw usage(
      `cannot copy ${JSON.stringify(text)}: want CONTAINER:PATH`,
      'a path of the host with a colon begins with ./',
    );
  }
  return { container, path };
}

function hostPath(text: string): string | undefined {
  if (text === '') throw usage('cannot copy: a path is empty', 'write . for the current directory');
  return text === '-' ? undefined : text;
}

function usage(message: string, hint: string): TinydError {
  return new TinydError('ERR_TINYD_USAGE', message, { hint });
}
