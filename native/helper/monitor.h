#ifndef TINYD_MONITOR_H
#define TINYD_MONITOR_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <time.h>

#include "cgroup.h"
#include "plan.h"

/** How the process ended. */
struct outcome {
  int exit_code; /* 128 + n for signal n, as docker shows it */
  int signal;    /* 0: it exited by itself */
  struct memory_use memory;
};

/** What state.json says of the container. */
enum monitor_status { MONITOR_RUNNING, MONITOR_RESTARTING, MONITOR_EXITED };

/** All that the monitor holds while its container, or exec'd process, lives. There is one per process. */
struct monitor {
  struct plan plan;
  struct cgroups cgroups;
  int report; /* pipe to the caller; -1 once the report is sent */
  int run_dir;
  int lock;
  int channel; /* to the process being started; -1 before and after */
  pid_t pid;   /* 0: none yet */
  int pidfd;
  uint64_t start_ticks;
  struct timespec started_at;
  struct timespec finished_at;
  int64_t began_ms; /* of loop_now_ms(): when the process was started */
  struct outcome outcome;
  struct rlimit descriptors; /* RLIMIT_NOFILE as the caller had it: the monitor raises its own */

  /* The container's stdio, our side; with a terminal all is its master. -1: closed. */
  int in;
  int out;
  int err;
  int slave; /* kept open: the terminal outlives programs that close it */

  int listener;
  bool ports_set_up;
  enum monitor_status status;
  bool restart_asked; /* whatever the policy says */
  uint32_t restarts;  /* since a user started it */
  char error[512];    /* why it could not be started again */
};

extern struct monitor monitor;

/** Runs the plan on descriptor 3; the sub-mode `tinyd-init monitor`. */
int monitor_main(void);

#endif
