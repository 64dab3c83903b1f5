#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files.h"
#include "report.h"

/** A new v1 cpuset has no CPU and no memory node, and nobody may enter it: it takes what its parent has. */
static void inherit_cpuset(int folder) {
  static const char* const files[] = {"cpuset.cpus", "cpuset.mems"};
  for (unsigned i = 0; i < 2; i++) {
    char value[4096], parent[32];
    if (read_value(folder, files[i], value, sizeof value) != 0) continue;
    snprintf(parent, sizeof parent, "../%s", files[i]);
    if (read_value(folder, parent, value, sizeof value) > 0) write_value(folder, files[i], value);
  }
}

/** Makes a folder and its parents below the mount point, and opens it. */
static int make_folder(const char* path, bool unified) {
  char partial[PATH_MAX];
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd != -1 || errno != ENOENT) return fd;
  for (const char* slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
    size_t length = slash == NULL ? strlen(path) : (size_t)(slash - path);
    if (length >= sizeof partial) {
      errno = ENAMETOOLONG;
      return -1;
    }
    memcpy(partial, path, length);
    partial[length] = '\0';
    if (mkdir(partial, 0755) == 0) {
      fd = open(partial, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      if (fd == -1) return -1;
      if (!unified) inherit_cpuset(fd);
      close(fd);
    } else if (errno != EEXIST) {
      return -1;
    }
    if (slash == NULL) return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
}

static void write_limits(const struct plan* plan, const struct plan_cgroup* cgroup, int folder) {
  struct plan_reader writes = plan_items(plan, cgroup->writes);
  for (uint32_t i = 0; i < cgroup->writes.count; i++) {
    struct plan_write write = plan_next_write(&writes);
    if (write_value(folder, write.file, write.value) == 0) continue;
    int reason = errno;
    char operand[PATH_MAX];
    snprintf(operand, sizeof operand, "%s/%s", cgroup->path, write.file);
    if (!write.optional) fail_because(STAGE_CGROUP, reason, operand);
    warn("write %s to %s: %s", write.value, operand, strerror(reason));
  }
}

/** Loads and attaches the program that decides on device access (v2 has no devices controller). */
static void attach_device_program(const struct plan_cgroup* cgroup, int folder) {
  if (cgroup->device_program.length == 0) return;
  union bpf_attr load = {.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
                         .insns = (uint64_t)(uintptr_t)cgroup->device_program.data,
                         .insn_cnt = cgroup->device_program.length / sizeof(struct bpf_insn),
                         .license = (uint64_t)(uintptr_t) "Apache-2.0"};
  int program = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
  if (program == -1) fail(STAGE_CGROUP, "device program");
  union bpf_attr attach = {.target_fd = (uint32_t)folder,
                           .attach_bpf_fd = (uint32_t)program,
                           .attach_type = BPF_CGROUP_DEVICE,
                           .attach_flags = BPF_F_ALLOW_MULTI};
  if (syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach) == -1) fail(STAGE_CGROUP, cgroup->path);
  close(program);
}

/**
 * Opens the file by which a process enters. v1: `tasks`, because a single thread that moves itself there
 * needs no grace period of the kernel, which costs cgroup.procs up to 15 ms.
 */
static void open_entry(struct cgroups* cgroups, const struct plan_cgroup* cgroup, int folder) {
  if (cgroup->unified && cgroups->clone_into == -1) {
    cgroups->clone_into = folder;
    return;
  }
  int fd = openat(folder, cgroup->unified ? "cgroup.procs" : "tasks", O_WRONLY | O_CLOEXEC);
  if (fd == -1) fail(STAGE_CGROUP, cgroup->path);
  cgroups->enter[cgroups->enter_count++] = fd;
  close(folder);
}

static void open_all(struct cgroups* cgroups, const struct plan* plan, bool make) {
  struct plan_list list = plan->session.cgroups;
  *cgroups = (struct cgroups){.plan = plan, .clone_into = -1};
  cgroups->enter = calloc(list.count + 1, sizeof *cgroups->enter);
  if (cgroups->enter == NULL) fail(STAGE_SYSTEM, "memory");
  struct plan_reader reader = plan_items(plan, list);
  for (uint32_t i = 0; i < list.count; i++) {
    struct plan_cgroup cgroup = plan_next_cgroup(&reader);
    int folder = make ? make_folder(cgroup.path, cgroup.unified)
                      : open(cgroup.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder == -1) fail(STAGE_CGROUP, cgroup.path);
    if (make) {
      write_limits(plan, &cgroup, folder);
      attach_device_program(&cgroup, folder);
    }
    if (cgroup.enter) {
      open_entry(cgroups, &cgroup, folder);
    } else {
      close(folder);
    }
  }
}

void cgroups_make(struct cgroups* cgroups, const struct plan* plan) {
  open_all(cgroups, plan, true);
}

void cgroups_open(struct cgroups* cgroups, const struct plan* plan) {
  open_all(cgroups, plan, false);
}

void cgroups_enter(const struct cgroups* cgroups) {
  for (unsigned i = 0; i < cgroups->enter_count; i++) {
    if (write(cgroups->enter[i], "0", 1) != 1) fail(STAGE_CGROUP, "tasks");
  }
}

void cgroups_close(struct cgroups* cgroups) {
  for (unsigned i = 0; i < cgroups->enter_count; i++) close(cgroups->enter[i]);
  if (cgroups->clone_into != -1) close(cgroups->clone_into);
  free(cgroups->enter);
  cgroups->enter = NULL;
  cgroups->enter_count = 0;
  cgroups->clone_into = -1;
}
