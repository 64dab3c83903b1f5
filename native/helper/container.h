#ifndef TINYD_CONTAINER_H
#define TINYD_CONTAINER_H
#include <sys/types.h>

#include "cgroup.h"
#include "process.h"

/**
 * Starts the first process of a new container in its namespaces. `pidfd` refers to it. It waits for
 * CHANNEL_NETWORK_READY when the plan has a network. Fails the start when it cannot be made.
 */
pid_t container_start(struct process_start* start, const struct cgroups* cgroups, int* pidfd);

#endif
