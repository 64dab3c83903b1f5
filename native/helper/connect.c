#include "connect.h"

#include <errno.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dns_sockets.h"
#include "join.h"
#include "netns.h"
#include "plan.h"
#include "report.h"

#define PLAN_FD 3
#define REPORT_FD 4

static _Noreturn void give_up(enum report_stage stage, int error, const char* operand) {
  report_send(REPORT_FD, stage, error, operand, 0);
  _exit(1);
}

static void read_plan(struct plan* plan) {
  struct stat info;
  if (fstat(PLAN_FD, &info) == -1) fail(STAGE_PLAN, "plan");
  if (info.st_size == 0) fail_because(STAGE_PLAN, EINVAL, "plan");
  // Private and writable: netlink messages get their sequence numbers in place.
  void* bytes = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, PLAN_FD, 0);
  if (bytes == MAP_FAILED || plan_parse(plan, bytes, (size_t)info.st_size) == -1) fail(STAGE_PLAN, "plan");
  if (plan->target != TARGET_JOIN) fail_because(STAGE_PLAN, EINVAL, "target");
}

int connect_main(void) {
  struct plan plan = {0};
  report_to.failed = give_up;
  read_plan(&plan);
  int pidfd = join_open_init(&plan.join);
  netns_reserve();
  netns_set_up_host(&plan, (pid_t)plan.join.pid);
  if (setns(pidfd, CLONE_NEWNET) == -1) fail(STAGE_JOIN, "network namespace");
  netns_write_sysctls(&plan);  // before the link comes up
  netns_set_up_container(&plan);
  dns_sockets_deliver(&plan);
  report_send(REPORT_FD, STAGE_STARTED, 0, "", plan.join.pid);
  return 0;
}
