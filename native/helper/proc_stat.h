#ifndef TINYD_PROC_STAT_H
#define TINYD_PROC_STAT_H
#include <stdint.h>
#include <sys/types.h>

/** When a process started, in clock ticks since boot: field 22 of /proc/PID/stat. 0: there is no such
 * process. */
uint64_t proc_start_ticks(pid_t pid);

#endif
