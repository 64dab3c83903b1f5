import { quietly } from '../measure/meter';
import { allProcesses } from '../measure/processes';
import { footprint } from '../measure/smaps';
import type { ContainerJob } from './job';

const CONTAINERS = 10;

/** What an engine keeps for each running container, with ten of them running. */
export const MEMORY_JOB: ContainerJob = {
  id: 'memory',
  title: `what stays with each of ${CONTAINERS} running containers`,
  run: (session, engines) => {
    for (const { name, containers } of engines) {
      const names = Array.from({ length: CONTAINERS }, (_, index) => `memory-${index}`);
      try {
        const before = new Set(allProcesses().map(({ pid }) => pid));
        for (const each of names) {
          const command = containers.start(each, {
            image: session.image('small'),
            network: 'none',
            argv: ['sleep', '1000'],
          });
          if (command !== undefined) quietly(command);
        }
        const monitors = allProcesses().filter(
          ({ pid, name: comm }) => !before.has(pid) && containers.monitor.test(comm),
        );
        if (monitors.length !== CONTAINERS)
          throw new Error(
            `${monitors.length} processes like ${containers.monitor} for ${CONTAINERS} containers`,
          );
        for (const { pid } of monitors) {
          const { pss, anonymous, threads } = footprint(pid);
          session.findings.add('memory', name, { pss, anonymous, threads });
        }
      } catch (error) {
        session.findings.fail('memory', name, error);
      }
      try {
        for (const command of containers.remove(names)) quietly(command);
      } catch (error) {
        session.findings.fail('memory', name, error);
      }
    }
  },
};
