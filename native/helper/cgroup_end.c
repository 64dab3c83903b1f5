#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "files.h"

#define DEEPEST 64
#define REMOVE_TRIES 200

/** Calls `visit` for a cgroup folder and all below it, children first. */
static void walk(int parent, const char* name, int depth,
                 void (*visit)(int parent, const char* name, int folder)) {
  int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd == -1) return;
  DIR* folder = fdopendir(fd);
  if (folder == NULL) {
    close(fd);
    return;
  }
  struct dirent* entry;
  while (depth < DEEPEST && (entry = readdir(folder)) != NULL) {
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.') walk(fd, entry->d_name, depth + 1, visit);
  }
  visit(parent, name, fd);
  closedir(folder);
}

static void walk_all(const struct plan* plan, void (*visit)(int, const char*, int)) {
  struct plan_reader reader = plan_items(plan, plan->session.cgroups);
  for (uint32_t i = 0; i < plan->session.cgroups.count; i++) {
    struct plan_cgroup cgroup = plan_next_cgroup(&reader);
    walk(AT_FDCWD, cgroup.path, 0, visit);
  }
}

static void kill_members(int parent, const char* name, int folder) {
  (void)parent;
  (void)name;
  if (write_value(folder, "cgroup.kill", "1") == 0) return;  // v2, Linux 5.14
  int fd = openat(folder, "cgroup.procs", O_RDONLY | O_CLOEXEC);
  if (fd == -1) return;
  FILE* members = fdopen(fd, "r");
  if (members == NULL) {
    close(fd);
    return;
  }
  char line[32];
  while (fgets(line, sizeof line, members) != NULL) {
    pid_t pid = (pid_t)strtol(line, NULL, 10);
    if (pid > 0 && pid != getpid()) kill(pid, SIGKILL);
  }
  fclose(members);
}

void cgroups_kill(const struct plan* plan) {
  walk_all(plan, kill_members);
}

void cgroups_thaw(const struct plan* plan) {
  struct plan_reader reader = plan_items(plan, plan->session.cgroups);
  for (uint32_t i = 0; i < plan->session.cgroups.count; i++) {
    struct plan_cgroup cgroup = plan_next_cgroup(&reader);
    int folder = open(cgroup.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder == -1) continue;
    if (cgroup.unified) {
      write_value(folder, "cgroup.freeze", "0");
    } else {
      write_value(folder, "freezer.state", "THAWED");
    }
    close(folder);
  }
}

/** The number behind `key` in lines of `key number`; 0 without such a line. */
static uint64_t find_counter(char* text, const char* key) {
  size_t length = strlen(key);
  for (char* line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
    if (strncmp(line, key, length) == 0 && line[length] == ' ') return strtoull(line + length, NULL, 10);
  }
  return 0;
}

struct memory_use cgroups_memory(const struct plan* plan) {
  struct memory_use use = {0};
  char text[1024], folder[PATH_MAX];
  const char* counters = plan->session.oom_file;
  if (counters == NULL || snprintf(folder, sizeof folder, "%s", counters) >= (int)sizeof folder) return use;
  char* slash = strrchr(folder, '/');
  if (slash == NULL || read_value(AT_FDCWD, counters, text, sizeof text) <= 0) return use;
  use.oom_kills = find_counter(text, "oom_kill");
  *slash = '\0';
  int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd == -1) return use;
  // v2 has it since Linux 5.19.
  if (read_value(fd, "memory.peak", text, sizeof text) > 0 ||
      read_value(fd, "memory.max_usage_in_bytes", text, sizeof text) > 0) {
    use.peak_bytes = strtoull(text, NULL, 10);
  }
  close(fd);
  return use;
}

bool cgroups_frozen(const struct plan* plan) {
  struct plan_reader reader = plan_items(plan, plan->session.cgroups);
  for (uint32_t i = 0; i < plan->session.cgroups.count; i++) {
    struct plan_cgroup cgroup = plan_next_cgroup(&reader);
    char path[PATH_MAX], value[16] = "";
    snprintf(path, sizeof path, "%s/%s", cgroup.path, cgroup.unified ? "cgroup.freeze" : "freezer.state");
    if (read_value(AT_FDCWD, path, value, sizeof value) > 0 && (value[0] == '1' || value[0] == 'F'))
      return true;
  }
  return false;
}

static void remove_folder(int parent, const char* name, int folder) {
  (void)folder;
  // EBUSY: a process that is dead already has not quite left yet.
  struct timespec pause = {.tv_nsec = 200 * 1000};
  for (int tries = 0; unlinkat(parent, name, AT_REMOVEDIR) == -1 && errno == EBUSY && tries < REMOVE_TRIES;
       tries++) {
    kill_members(parent, name, folder);
    nanosleep(&pause, NULL);
    if (pause.tv_nsec < 10 * 1000 * 1000) pause.tv_nsec *= 2;
  }
}

void cgroups_remove(const struct plan* plan) {
  walk_all(plan, remove_folder);
}
