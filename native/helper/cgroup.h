#ifndef TINYD_CGROUP_H
#define TINYD_CGROUP_H
#include <stdbool.h>
#include <stdint.h>

#include "plan.h"

/** The open cgroups of one session. */
struct cgroups {
  const struct plan* plan;
  /** Folder of a unified cgroup to be cloned into, or -1. */
  int clone_into;
  /** `tasks` or `cgroup.procs` files by which a process enters the other ones. */
  int* enter;
  unsigned enter_count;
};

/** Makes the folders, writes the limits and opens what is needed to enter. Fails the start when something is
 * refused. */
void cgroups_make(struct cgroups* cgroups, const struct plan* plan);

/** Opens existing cgroups so that a process can enter them (exec). */
void cgroups_open(struct cgroups* cgroups, const struct plan* plan);

/** Puts the calling process into all cgroups but clone_into. */
void cgroups_enter(const struct cgroups* cgroups);

/** Closes the descriptors. */
void cgroups_close(struct cgroups* cgroups);

/** Kills every process that is left in the session's cgroups, also in ones that the container made below. */
void cgroups_kill(const struct plan* plan);

/** Lets a paused container go on: a frozen task does not even die. */
void cgroups_thaw(const struct plan* plan);

/** What the kernel counted of a container's memory; 0: nothing, or not known. */
struct memory_use {
  uint64_t oom_kills;  /* processes that it killed for want of memory */
  uint64_t peak_bytes; /* the most that was in use at once */
};

/** Reads the counters that go with the cgroup. */
struct memory_use cgroups_memory(const struct plan* plan);

/** Whether the container is paused: a process that enters it now does not run. */
bool cgroups_frozen(const struct plan* plan);

/** Removes the folders, with those that the container made below. */
void cgroups_remove(const struct plan* plan);

#endif
