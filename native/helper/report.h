#ifndef TINYD_REPORT_H
#define TINYD_REPORT_H
#include <stdint.h>

/** Where something failed. Numbers are the wire format of packages/runtime/src/plan/report.ts. */
enum report_stage {
  STAGE_STARTED,
  STAGE_PLAN,
  STAGE_LOCK,
  STAGE_CGROUP,
  STAGE_CLONE,
  STAGE_NETWORK_HOST,
  STAGE_NETWORK_CONTAINER,
  STAGE_NETWORK_PORTS,
  STAGE_PORT_CLAIM,
  STAGE_JOIN,
  STAGE_ROOTFS,
  STAGE_MOUNT,
  STAGE_DEVICE,
  STAGE_PIVOT,
  STAGE_HOSTNAME,
  STAGE_SYSCTL,
  STAGE_RLIMIT,
  STAGE_KEYRING,
  STAGE_CWD,
  STAGE_USER,
  STAGE_CAPABILITIES,
  STAGE_SECCOMP,
  STAGE_EXEC,
  STAGE_TERMINAL,
  STAGE_LOG,
  STAGE_SOCKET,
  STAGE_SYSTEM,
  STAGE_COUNT
};

/**
 * What happens on a failure and on a warning: the container's child tells the monitor, the monitor undoes and
 * tells its caller. Set once per process, right after it begins.
 */
struct report_to {
  __attribute__((noreturn)) void (*failed)(enum report_stage stage, int error, const char* operand);
  void (*warned)(const char* text);
};
extern struct report_to report_to;

/** Ends this process for the reason in errno. */
_Noreturn void fail(enum report_stage stage, const char* operand);

/** The same with a reason that no system call gave. */
_Noreturn void fail_because(enum report_stage stage, int error, const char* operand);

/** Something that was asked for is not as asked, and the start goes on. */
void warn(const char* format, ...) __attribute__((format(printf, 1, 2)));

/** Keeps a warning for the report (monitor only). What does not fit any more is left out. */
void report_keep_warning(const char* text);

/** Writes the one report to the pipe and closes it. */
void report_send(int fd, enum report_stage stage, int error, const char* operand, uint32_t pid);

#endif
