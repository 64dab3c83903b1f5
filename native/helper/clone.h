#ifndef TINYD_CLONE_H
#define TINYD_CLONE_H
#include <stdint.h>
#include <sys/types.h>

/**
 * clone3(2) without shared memory: comes back twice, like fork. `cgroup`: folder of a v2 cgroup to begin in,
 * or -1. `pidfd` receives a close-on-exec descriptor of the child. -1 with errno set on failure.
 */
pid_t clone_process(uint64_t flags, int cgroup, int exit_signal, int* pidfd);

#endif
