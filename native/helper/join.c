#include "join.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "channel.h"
#include "clone.h"
#include "files.h"
#include "proc_stat.h"
#include "report.h"

int join_open_init(const struct plan_join* join) {
  char operand[32];
  snprintf(operand, sizeof operand, "pid %u", join->pid);
  int pidfd = (int)syscall(SYS_pidfd_open, join->pid, 0);
  if (pidfd == -1) fail(STAGE_JOIN, operand);
  if (proc_start_ticks((pid_t)join->pid) != join->start_ticks) fail_because(STAGE_JOIN, ESRCH, operand);
  return pidfd;
}

static _Noreturn void run(struct process_start* start, const struct cgroups* cgroups, int init) {
  const struct plan* plan = start->plan;
  process_begin();
  process_set_oom_score(&plan->process);
  cgroups_enter(cgroups);
  // All at once, by the one pidfd: they cannot come from different processes.
  if (setns(init, (int)plan->join.namespaces) == -1) fail(STAGE_JOIN, "namespaces");
  process_keep_own_descriptors(start);
  // Entering a PID namespace concerns children only. The child's parent is to be the monitor.
  int pidfd = -1;
  pid_t pid = clone_process(CLONE_PARENT, -1, 0, &pidfd);
  if (pid == -1) fail(STAGE_CLONE, "clone3");
  if (pid > 0) {
    channel_send(start->channel, CHANNEL_FORKED, pid);
    _exit(0);
  }
  process_begin();
  process_join_keyring(plan);
  int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root == -1) fail(STAGE_JOIN, "/");
  process_open_terminal(start, root, false);
  close(root);
  process_become(start);
}

_Noreturn void join_become(struct process_start* start) {
  struct cgroups cgroups;
  int init = join_open_init(&start->plan->join);
  cgroups_open(&cgroups, start->plan);
  // It exists already, so that it cannot be born in there.
  if (cgroups.clone_into != -1 && write_value(cgroups.clone_into, "cgroup.procs", "0") == -1) {
    fail(STAGE_CGROUP, "cgroup.procs");
  }
  run(start, &cgroups, init);
}

pid_t join_start(struct process_start* start, const struct cgroups* cgroups) {
  int init = join_open_init(&start->plan->join);
  int ends[2], pidfd = -1;
  if (channel_open(ends) == -1) fail(STAGE_SYSTEM, "socketpair");
  pid_t pid = clone_process(0, cgroups->clone_into, SIGCHLD, &pidfd);
  if (pid == -1) fail(STAGE_CLONE, "clone3");
  if (pid == 0) {
    close(ends[0]);
    start->channel = ends[1];
    channel_report_to(ends[1]);
    run(start, cgroups, init);
  }
  close(ends[1]);
  close(init);
  close(pidfd);
  start->channel = ends[0];
  return pid;
}
