import { setFlagsFromString } from 'node:v8';
import { RegistryClient } from '@tinyd/registry';

/** lib.dom.d.ts describes it, and a browser besides. */
declare const WebAssembly: { Module: new (bytes: Uint8Array) => object };

/** Loaded on demand: the HTTP client is larger than all that a local command needs. */

/** A client for all registries, with `HOST=URL` mirrors before those of the configuration. */
export function openRegistry(mirrors: readonly string[]): RegistryClient {
  compileOnce();
  return new RegistryClient({ mirrors });
}

/**
 * undici parses HTTP in WebAssembly, which V8 would compile twice, the second time by its optimizing compiler: 60 ms of processor
 * time that the little it has to parse never pays back.
 *
 * The flag is set when that is compiled, and not before: it is part of what a code cache is checked against, so that node
 * would compile anew whatever it loads of its own modules afterwards, for 16 ms.
 */
function compileOnce(): void {
  if (!/^1[1-3]\./.test(process.versions.v8)) return;
  const { Module } = WebAssembly;
  WebAssembly.Module = class extends Module {
    constructor(bytes: Uint8Array) {
      setFlagsFromString('--liftoff-only');
      super(bytes);
    }
  };
}
