#include "capabilities.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "report.h"

#define CAPABILITY_BITS 64

void capabilities_bound(const struct plan_process* process) {
  for (int capability = 0; capability < CAPABILITY_BITS; capability++) {
    if ((process->bounding >> capability) & 1) continue;
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    if (errno == EINVAL) return;  // the kernel knows no more of them
    fail(STAGE_CAPABILITIES, "bounding set");
  }
}

void capabilities_become_user(const struct plan* plan) {
  const struct plan_process* process = &plan->process;
  uint32_t count = process->additional_gids.count;
  gid_t* groups = calloc(count + 1, sizeof *groups);
  if (groups == NULL) fail(STAGE_SYSTEM, "memory");
  struct plan_reader reader = plan_items(plan, process->additional_gids);
  for (uint32_t i = 0; i < count; i++) groups[i] = plan_next_u32(&reader);

  char operand[64];
  snprintf(operand, sizeof operand, "%u:%u", process->uid, process->gid);
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == -1) fail(STAGE_CAPABILITIES, "keep capabilities");
  // Raw calls: the C library's own would look for threads to change as well.
  if (syscall(SYS_setgroups, (size_t)count, groups) == -1) fail(STAGE_USER, "additional groups");
  if (syscall(SYS_setresgid, process->gid, process->gid, process->gid) == -1) fail(STAGE_USER, operand);
  if (syscall(SYS_setresuid, process->uid, process->uid, process->uid) == -1) fail(STAGE_USER, operand);
  if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) == -1) fail(STAGE_CAPABILITIES, "keep capabilities");
  free(groups);
}

static void set_ambient(uint64_t ambient) {
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1) fail(STAGE_CAPABILITIES, "ambient set");
  for (int capability = 0; capability < CAPABILITY_BITS; capability++) {
    if (!((ambient >> capability) & 1)) continue;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == -1) {
      fail(STAGE_CAPABILITIES, "ambient set");
    }
  }
}

void capabilities_set(const struct plan_process* process) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2];
  for (int half = 0; half < 2; half++) {
    data[half].effective = (uint32_t)(process->effective >> (32 * half));
    data[half].permitted = (uint32_t)(process->permitted >> (32 * half));
    data[half].inheritable = (uint32_t)(process->inheritable >> (32 * half));
  }
  if (syscall(SYS_capset, &header, data) == -1) fail(STAGE_CAPABILITIES, "effective and permitted sets");
  set_ambient(process->ambient);
}
