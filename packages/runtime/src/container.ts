import type { ImageProcessConfig } from '@tinyd/core';
import { type AttachClient, type AttachOptions, connectClient } from './attach-client';
import type { RuntimeContext } from './context';
import { recordContainer } from './events/record-container';
import { explainContainer } from './explain/explain';
import type { Explanation } from './explain/explanation';
import { processConfig, type ReadLayerOptions, withOwnLayer } from './files/changes';
import { type ArchiveSink, type CopyFromOptions, type CopyToOptions, copyFrom, copyTo } from './files/copy';
import { diffContainer, type FileChange } from './files/diff';
import { exportContainer } from './files/export';
import type { OwnLayer } from './files/own-layer';
import { connectContainer } from './lifecycle/connect';
import { describe } from './lifecycle/description';
import { type DisconnectOptions, disconnectContainer } from './lifecycle/disconnect';
import { type ExecOptions, type ExecResult, execInContainer } from './lifecycle/exec';
import { inspectContainer } from './lifecycle/inspect';
import type { InspectDocument } from './lifecycle/inspect-document';
import { killContainer } from './lifecycle/kill';
import { pauseContainer, unpauseContainer } from './lifecycle/pause';
import { type PortSelection, type PublishResult, publishPorts, unpublishPorts } from './lifecycle/publish';
import { type RemoveOptions, removeContainer } from './lifecycle/remove';
import { renameContainer } from './lifecycle/rename';
import { type StartOptions, type StartResult, startContainer } from './lifecycle/start';
import { type StopOptions, stopContainer } from './lifecycle/stop';
import { type ContainerSummary, summarize, writableLayerBytes } from './lifecycle/summary';
import { type ProcessTable, topContainer } from './lifecycle/top';
import { type LimitChanges, updateContainer } from './lifecycle/update';
import { waitForContainer } from './lifecycle/wait';
import type { LogEntry } from './logs/entry';
import { type LogOptions, readLogs } from './logs/read-logs';
import type { PublishedPort } from './network';
import type { NetworkEndpoint, PortMapping, RestartPolicy } from './options';
import type { ContainerRecord } from './record';
import { healthCommand } from './spec/healthcheck';
import { requireContainer, viewContainer } from './state/container-state';
import { isPaused } from './state/paused';
import { isUp, STATUS_RULES, wrongState } from './state/status';

/**
 * One container of a root folder: a handle that knows an ID and nothing else. Every call looks at the container as it
 * is at that moment; any of them fails with ERR_TINYD_CONTAINER_NOT_FOUND once it was removed.
 */
export class Container {
  readonly #context: RuntimeContext;
  /** 64 hexadecimal digits. */
  readonly id: string;

  constructor(context: RuntimeContext, id: string) {
    this.#context = context;
    this.id = id;
  }

  /** What it was created from. */
  record(): ContainerRecord {
    return requireContainer(this.#context, this.id).record;
  }

  /** What a row of `ps` shows. */
  summary(): ContainerSummary {
    const { record, state } = requireContainer(this.#context, this.id);
    return summarize(this.#context.layout, describe(record), state);
  }

  /** Bytes in its own writable layer. */
  size(): number {
    return writableLayerBytes(requireContainer(this.#context, this.id));
  }

  /** The document of `tinyd inspect`, with docker's keys. */
  inspect(): InspectDocument {
    return inspectContainer(this.#context, requireContainer(this.#context, this.id));
  }

  /** Says why it ended, or will not start. See {@link explainContainer}. */
  explain(): Promise<Explanation> {
    return explainContainer(this.#context, this.id);
  }

  /** Starts it; a running one is left alone. See {@link startContainer} for the errors. */
  start(options: StartOptions = {}): Promise<StartResult> {
    return startContainer(this.#context, this.id, options);
  }

  /** Asks it to end, then kills it; returns when its state is final. One that does not run is left alone. */
  stop(options: StopOptions = {}): Promise<void> {
    return stopContainer(this.#context, this.id, options);
  }

  /** Stops it and starts it again. */
  async restart(options: StopOptions = {}): Promise<StartResult> {
    await this.stop(options);
    const result = await this.start();
    recordContainer(this.#context, this.record(), 'restart');
    return result;
  }

  /** Signals its first process: a name or number, SIGKILL by default. Fails with ERR_TINYD_CONTAINER_STATE. */
  kill(signal?: string): void {
    killContainer(this.#context, this.id, signal);
  }

  /** Freezes its processes. Fails with ERR_TINYD_CONTAINER_STATE unless it runs. */
  pause(): Promise<void> {
    return pauseContainer(this.#context, this.id);
  }

  /** Lets its processes run on. Fails with ERR_TINYD_CONTAINER_STATE unless it is paused. */
  unpause(): Promise<void> {
    return unpauseContainer(this.#context, this.id);
  }

  /** Gives it another name. Fails with ERR_TINYD_NAME_INVALID or ERR_TINYD_NAME_TAKEN. */
  rename(name: string): Promise<void> {
    return renameContainer(this.#context, this.id, name);
  }

  /** Changes its limits and restart policy, all or none; returns warnings. See {@link updateContainer} for the errors. */
  update(changes: LimitChanges, restart?: RestartPolicy): Promise<readonly string[]> {
    return updateContainer(this.#context, this.id, changes, restart);
  }

  /** Removes it. Fails with ERR_TINYD_CONTAINER_STATE when it runs, unless forced. */
  remove(options: RemoveOptions = {}): Promise<void> {
    return removeContainer(this.#context, this.id, options);
  }

  /** Puts it on one more network; returns warnings. See {@link connectContainer} for the errors. */
  connect(endpoint: NetworkEndpoint): Promise<readonly string[]> {
    return connectContainer(this.#context, this.id, endpoint);
  }

  /** Takes it off a network, by name or ID. See {@link disconnectContainer} for the errors. */
  disconnect(network: string, options: DisconnectOptions = {}): Promise<void> {
    return disconnectContainer(this.#context, this.id, network, options);
  }

  /** Publishes further ports while it runs. See {@link publishPorts} for the errors. */
  publish(ports: readonly PortMapping[]): Promise<PublishResult> {
    return publishPorts(this.#context, this.id, ports);
  }

  /** Publishes ports no longer while it runs. See {@link unpublishPorts} for the errors. */
  unpublish(ports: readonly PortSelection[]): Promise<readonly PublishedPort[]> {
    return unpublishPorts(this.#context, this.id, ports);
  }

  /** Waits until it does not run; its exit status. */
  wait(): Promise<number> {
    return waitForContainer(this.#context, this.id);
  }

  /** Its processes, as the host's ps describes them. See {@link topContainer} for the errors. */
  top(psArguments: readonly string[] = []): Promise<ProcessTable> {
    recordContainer(this.#context, this.record(), 'top');
    return topContainer(this.#context, this.id, psArguments);
  }

  /** Copies files out of it, running or not. See {@link copyFrom} for errors and result. */
  copyFrom(options: CopyFromOptions): Promise<number> {
    recordContainer(this.#context, this.record(), 'archive-path');
    return copyFrom(this.#context, this.id, options);
  }

  /** Copies files into it, running or not. */
  copyTo(options: CopyToOptions): Promise<number> {
    recordContainer(this.#context, this.record(), 'extract-to-dir');
    return copyTo(this.#context, this.id, options);
  }

  /** What it has changed of its image's files, sorted by path. */
  diff(): FileChange[] {
    return diffContainer(this.#context, this.id);
  }

  /** Writes all its files as a tar archive. See {@link exportContainer} for what is left out. */
  export(sink: ArchiveSink): Promise<void> {
    recordContainer(this.#context, this.record(), 'export');
    return exportContainer(this.#context, this.id, sink);
  }

  /** Lets `read` look at the layer that it writes to. See {@link withOwnLayer} for the errors. */
  withOwnLayer<T>(options: ReadLayerOptions, read: (layer: OwnLayer) => Promise<T>): Promise<T> {
    return withOwnLayer(this.#context, this.id, options, read);
  }

  /** Records that an image was made of it, which the runtime does not see itself. */
  recordCommit(imageID: string, comment: string): void {
    recordContainer(this.#context, this.record(), 'commit', { comment, imageID });
  }

  /** What an image must say so that a container of it is like this one. */
  processConfig(): ImageProcessConfig {
    return processConfig(this.record());
  }

  /** The command of its health check; undefined when it has none. */
  healthCommand(): readonly string[] | undefined {
    return healthCommand(this.record().options);
  }

  /** Runs a further process inside it. */
  exec(options: ExecOptions): Promise<ExecResult> {
    return execInContainer(this.#context, this.id, options);
  }

  /**
   * Connects to its monitor: the client sees what is written from now on. Fails with ERR_TINYD_CONTAINER_STATE when it
   * does not run, or ERR_TINYD_ATTACH_FAILED.
   */
  attach(options: AttachOptions): AttachClient {
    const view = requireContainer(this.#context, this.id);
    const { record, state, paths } = view;
    if (!STATUS_RULES[state.status].hasProcess) throw wrongState('attach to', record.name, state.status);
    if (isPaused(view)) throw wrongState('attach to', record.name, 'paused');
    const client = connectClient(paths.attachSocket, options, record.name);
    recordContainer(this.#context, record, 'attach');
    return client;
  }

  /** What it wrote, oldest first. Nothing with the log driver `none`. */
  logs(options: LogOptions = {}): AsyncGenerator<LogEntry> {
    const { paths } = requireContainer(this.#context, this.id);
    const goesOn = () => isUp(viewContainer(this.#context, this.id)?.state.status ?? 'exited');
    return readLogs(paths.log, options, goesOn);
  }
}
