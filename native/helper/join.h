#ifndef TINYD_JOIN_H
#define TINYD_JOIN_H
#include <sys/types.h>

#include "cgroup.h"
#include "process.h"

/**
 * Starts a process inside a running container. The one that comes back is a forerunner, which enters the
 * namespaces and forks the real one; that one's PID follows as CHANNEL_FORKED. Both are children of this
 * process.
 */
pid_t join_start(struct process_start* start, const struct cgroups* cgroups);

/**
 * A pidfd of the container's init, which must be the process that the plan means and not one that got its
 * number.
 */
int join_open_init(const struct plan_join* join);

/**
 * Turns the calling process into the forerunner of one inside the container, whose PID follows as
 * CHANNEL_FORKED: it is a child of this one's parent. Nothing that fails here concerns that parent.
 */
_Noreturn void join_become(struct process_start* start);

#endif
