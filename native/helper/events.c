#include "events.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "monitor.h"

/** JOURNAL_BYTES of packages/runtime/src/events/journal.ts. */
#define JOURNAL_BYTES (1024 * 1024)
#define TRIES 5

/** Whether the file behind a descriptor still is the journal, and not the one before. */
static bool is_current(int fd, const char* path, struct stat* own) {
  struct stat named;
  return fstat(fd, own) == 0 && stat(path, &named) == 0 && own->st_ino == named.st_ino &&
         own->st_dev == named.st_dev;
}

/** The journal, locked against its rotation; -1: there is none. */
static int open_journal(const char* path, int operation, struct stat* info) {
  for (int tries = 0; tries < TRIES; tries++) {
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd == -1) return -1;
    if (flock(fd, operation) == 0 && is_current(fd, path, info)) return fd;
    close(fd);
  }
  return -1;
}

/** The full journal becomes the one before. Nobody writes to it any more: writers hold a shared lock. */
static void rotate(const char* path) {
  char before[PATH_MAX];
  struct stat info;
  int fd = open_journal(path, LOCK_EX, &info);
  if (fd == -1) return;
  if (info.st_size >= JOURNAL_BYTES && snprintf(before, sizeof before, "%s.1", path) < (int)sizeof before) {
    rename(path, before);
  }
  close(fd);
}

static int format(char** line, const char* action, const char* attributes) {
  const struct plan_events* events = &monitor.plan.events;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return asprintf(line,
                  "{\"status\":\"%s\",%s,\"Type\":\"container\",\"Action\":\"%s\",\"Actor\":{\"ID\":\"%s\","
                  "\"Attributes\":{%s%s}},\"scope\":\"local\",\"time\":%lld,\"timeNano\":%lld%09ld}\n",
                  action, events->head, action, events->actor, attributes, events->attributes,
                  (long long)now.tv_sec, (long long)now.tv_sec, now.tv_nsec);
}

void events_write(const char* action, const char* attributes) {
  struct stat info;
  char* line;
  const char* path = monitor.plan.events.journal;
  if (!monitor.plan.has_events) return;
  int length = format(&line, action, attributes);
  if (length == -1) return;
  int fd = open_journal(path, LOCK_SH, &info);
  if (fd != -1) {
    // One write: it is appended whole, whoever else appends.
    write_all(fd, line, (size_t)length);
    close(fd);
    if (info.st_size + length >= JOURNAL_BYTES) rotate(path);
  }
  free(line);
}
