import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { lockNow } from '@tinyd/native';
import { addressMapFile, type Network } from './definition';
import { formatIpv4, formatSubnet, type Ipv4, subnetSize } from './ipv4';
import { linkIndex } from './link-index';
import { allLinks, hasLink, linkIndexes } from './links';
import { addressesOf, isContainerLink } from './veth';

const FREE = 0x30;
const USED = 0x31;
/** Behind the map: a line end, the place to search from, a line end. */
const CURSOR_DIGITS = 10;

/**
 * Which addresses of a network are in use: a file of one '0' or '1' for each address, then a line with the place
 * where the next search begins.
 *
 * A monitor gives its container's address back by writing a single '0'; all writers hold a flock of the file. What
 * the file says can be checked against the kernel, since an address in use has a link whose index is derived
 * from it ({@link linkIndex}): so the file is rebuilt when it is lost, and cleaned when it seems full.
 */
class AddressMap {
  readonly #network: Network;
  readonly #occupied: (() => readonly Ipv4[]) | undefined;
  readonly #size: number;
  readonly #fd: number;

  constructor({ root, network, occupied }: AddressSource) {
    this.#network = network;
    this.#occupied = occupied;
    this.#size = subnetSize(network.subnet);
    this.#fd = openSync(addressMapFile(root, network.name), constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      lockNow(this.#fd, 'exclusive');
      if (fstatSync(this.#fd).size !== this.#fileBytes) this.rebuild();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  get #fileBytes(): number {
    return this.#size + 1 + CURSOR_DIGITS + 1;
  }

  /** Sets the map to what the kernel says is in use. */
  rebuild(): void {
    const { base } = this.#network.subnet;
    const map = Buffer.alloc(this.#size, FREE);
    for (const address of reservedAddresses(this.#network)) map[address - base] = USED;
    const used = this.#occupied?.() ?? [...linkIndexes()].flatMap(addressesOf);
    for (const address of used) {
      if (address >= base && address < base + this.#size) map[address - base] = USED;
    }
    const cursor = `\n${'0'.padStart(CURSOR_DIGITS, '0')}\n`;
    // Its length is what tells a whole file: it comes last.
    writeSync(this.#fd, map, 0, this.#size, 0);
    writeSync(this.#fd, cursor, this.#size);
    ftruncateSync(this.#fd, this.#fileBytes);
  }

  /** Takes the next free address behind the one given out last, of those that may be chosen. */
  take(): Ipv4 | undefined {
    const { subnet, range } = this.#network;
    const text = Buffer.alloc(this.#fileBytes);
    readSync(this.#fd, text, 0, text.length, 0);
    const first = range.base - subnet.base;
    const choice = text.subarray(first, first + subnetSize(range));
    const cursor = Number(text.subarray(this.#size + 1, -1).toString()) || 0;
    const behind = choice.indexOf(FREE, Math.max(cursor - first, 0));
    const found = behind === -1 ? choice.indexOf(FREE) : behind;
    if (found === -1) return undefined;
    const offset = first + found;
    writeSync(this.#fd, Buffer.of(USED), 0, 1, offset);
    writeSync(this.#fd, String(offset + 1).padStart(CURSOR_DIGITS, '0'), this.#size + 1);
    return subnet.base + offset;
  }

  /** Takes one address, unless a link shows that it is in use: a start that was killed leaves a mark without one. */
  takeExactly(address: Ipv4): boolean {
    const offset = address - this.#network.subnet.base;
    const mark = Buffer.alloc(1);
    readSync(this.#fd, mark, 0, 1, offset);
    if (mark[0] === USED && this.#isOccupied(address)) return false;
    writeSync(this.#fd, Buffer.of(USED), 0, 1, offset);
    return true;
  }

  #isOccupied(address: Ipv4): boolean {
    return this.#occupied?.().includes(address) ?? hasLink(linkIndex(address));
  }

  /** Gives an address back. */
  release(address: Ipv4): void {
    writeSync(this.#fd, Buffer.of(FREE), 0, 1, address - this.#network.subnet.base);
  }
}

/** What no container gets: the network's own address, that of everybody, the gateway, and what the user set aside. */
function reservedAddresses({ subnet, reserved }: Network): Ipv4[] {
  return [subnet.base, ...reserved, subnet.base + subnetSize(subnet) - 1];
}

/** Where addresses are taken. */
export interface AddressSource {
  readonly root: string;
  readonly network: Network;
  /** The addresses in use, where the kernel's links do not tell. */
  readonly occupied?: () => readonly Ipv4[];
}

function withMap<T>(source: AddressSource, work: (map: AddressMap) => T): T {
  const map = new AddressMap(source);
  try {
    return work(map);
  } finally {
    map.close();
  }
}

/**
 * Takes an address for a container. Fails with ERR_TINYD_NETWORK_FULL.
 *
 * A start that was killed before its container had a link leaves its address taken: such addresses are collected
 * when no other is left. Should that hit a start under way, the kernel refuses the second link of the same index.
 */
export function takeAddress(source: AddressSource): Ipv4 {
  const { network } = source;
  const address = withMap(source, map => {
    const first = map.take();
    if (first !== undefined) return first;
    map.rebuild();
    return map.take();
  });
  if (address !== undefined) return address;
  throw new TinydError(
    'ERR_TINYD_NETWORK_FULL',
    `cannot give the container an address on network ${network.name}: all of ${formatSubnet(network.range)} are in use`,
    { hint: 'stop containers that are no longer needed' },
  );
}

/**
 * Takes the address that the user wants.
 *
 * @param holder who has it, in words, if that is known
 * Fails with ERR_TINYD_ADDRESS_TAKEN.
 */
export function takeChosenAddress(source: AddressSource, address: Ipv4, holder: () => string): void {
  const { network } = source;
  if (withMap(source, map => map.takeExactly(address))) return;
  throw new TinydError(
    'ERR_TINYD_ADDRESS_TAKEN',
    `cannot give the container address ${formatIpv4(address)} on network ${network.name}: ${holder()} has it`,
    { hint: 'choose another address, or leave --ip out', details: { address: formatIpv4(address) } },
  );
}

/** Gives an address back, unless a link shows that another container has it by now. */
export function releaseAddress(root: string, network: Network, address: Ipv4): void {
  const offset = address - network.subnet.base;
  if (offset < 0 || offset >= subnetSize(network.subnet)) return;
  if (reservedAddresses(network).includes(address)) return;
  withMap({ root, network }, map => {
    if (!allLinks().some(link => isContainerLink(link, address))) map.release(address);
  });
}

/** Why a container cannot have an address, undefined when it can: it lies outside, or is reserved. */
export function unusableReason(network: Network, address: Ipv4): string | undefined {
  const { subnet, gateway, reserved } = network;
  const size = subnetSize(subnet);
  if (address < subnet.base || address >= subnet.base + size) return `it is not in ${formatSubnet(subnet)}`;
  if (address === gateway) return "it is the gateway's";
  if (reserved.includes(address)) return 'it is set aside by --aux-address';
  if (address === subnet.base || address === subnet.base + size - 1) {
    return 'the first and the last address of a subnet cannot be given to anybody';
  }
  return undefined;
}

/** Rebuilds the map: after a boot nothing of what it says is true. */
export function resetAddresses(root: string, network: Network): void {
  withMap({ root, network }, map => map.rebuild());
}
