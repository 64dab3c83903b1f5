#ifndef TINYD_PROCESS_H
#define TINYD_PROCESS_H
#include <stdbool.h>
#include <sys/resource.h>

#include "plan.h"

/** The program's own descriptors 0, 1 and 2. */
struct process_stdio {
  int in;
  int out;
  int err;
  /** True when they are pipes or a pty of ours: the program's user becomes their owner. Never for the host's
   * files. */
  bool owned[3];
};

/** What the first process of a session has in hand. */
struct process_start {
  const struct plan* plan;
  struct process_stdio stdio;
  /** Channel to the monitor. */
  int channel;
  /** RLIMIT_NOFILE as the caller had it: the monitor has raised its own. */
  struct rlimit descriptors;
};

/** First steps of a new process: nobody may look into it, it dies with its monitor, it leads a session. */
void process_begin(void);

/**
 * Closes all descriptors but stdio and the channel: the monitor's lock, log and sockets are nothing to carry
 * into a container, where a process with CAP_SYS_PTRACE may look on (CVE-2016-9962).
 */
void process_keep_own_descriptors(struct process_start* start);

/** Writes oom_score_adj, while the host's procfs is still there. */
void process_set_oom_score(const struct plan_process* process);

/** Leaves the host's session keyring for one of the session's own: the host's keys are out of reach. */
void process_join_keyring(const struct plan* plan);

/** Opens the terminal if there is to be one, hands it to the monitor and makes it the program's stdio. */
void process_open_terminal(struct process_start* start, int root, bool console);

/**
 * From root with everything to the program as the plan describes it: limits, working directory, user,
 * capabilities, seccomp, exec. Called inside the container; does not come back.
 */
_Noreturn void process_become(struct process_start* start);

#endif
