#include "clone.h"

#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t clone_process(uint64_t flags, int cgroup, int exit_signal, int* pidfd) {
  struct clone_args arguments = {.flags = flags | CLONE_PIDFD,
                                 .pidfd = (uint64_t)(uintptr_t)pidfd,
                                 .exit_signal = (uint64_t)exit_signal};
  if (cgroup != -1) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = (uint64_t)cgroup;
  }
  return (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
}
