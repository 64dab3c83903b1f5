#ifndef TINYD_MONITOR_START_H
#define TINYD_MONITOR_START_H

/**
 * Starts the process of the plan: cgroups, namespaces, network, program. Returns once the program runs; fails
 * by fail() with the stage that went wrong, whichever process it happened in.
 */
void monitor_start_process(void);

#endif
