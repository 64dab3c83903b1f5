#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "log_line.h"
#include "monitor.h"
#include "proc_stat.h"

static const char* const status_words[] = {
    [MONITOR_RUNNING] = "running", [MONITOR_RESTARTING] = "restarting", [MONITOR_EXITED] = "exited"};

static int format_state(char* text, size_t size) {
  char boot[64] = "", started[40], finished[40];
  // A PID and its start time mean something within one boot only.
  read_value(AT_FDCWD, "/proc/sys/kernel/random/boot_id", boot, sizeof boot);
  log_time_format(started, &monitor.started_at);
  int length =
      snprintf(text, size,
               "{\"schema\":1,\"status\":\"%s\",\"pid\":%d,\"startTicks\":\"%llu\",\"bootId\":\"%s\","
               "\"monitorPid\":%d,\"monitorStartTicks\":\"%llu\",\"restartCount\":%u,\"startedAt\":\"%s\"",
               status_words[monitor.status], monitor.pid, (unsigned long long)monitor.start_ticks, boot,
               getpid(), (unsigned long long)proc_start_ticks(getpid()), monitor.restarts, started);
  if (monitor.status == MONITOR_RUNNING)
    return length + snprintf(text + length, size - (size_t)length, "}\n");
  const struct outcome* outcome = &monitor.outcome;
  log_time_format(finished, &monitor.finished_at);
  length += snprintf(
      text + length, size - (size_t)length,
      ",\"finishedAt\":\"%s\",\"exitCode\":%d,\"signal\":%d,\"oomKilled\":%s,"
      "\"oomKills\":%llu,\"memoryPeakBytes\":%llu,\"error\":\"",
      finished, outcome->exit_code, outcome->signal, outcome->memory.oom_kills > 0 ? "true" : "false",
      (unsigned long long)outcome->memory.oom_kills, (unsigned long long)outcome->memory.peak_bytes);
  length += (int)json_escape(text + length, monitor.error, strlen(monitor.error));
  return length + snprintf(text + length, size - (size_t)length, "\"}\n");
}

int state_write(void) {
  char text[1024 + JSON_GROWTH * sizeof monitor.error];
  return state_replace("state.json", text, (size_t)format_state(text, sizeof text));
}

/** Writes over a file in place. It is not much longer than before: a full disk has room for that. */
static int overwrite(const char* path, const char* text, size_t length) {
  int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd == -1) return -1;
  int result = write_all(fd, text, length);
  if (result == 0) result = ftruncate(fd, (off_t)length);
  int reason = errno;
  close(fd);
  errno = reason;
  return result;
}

int state_replace(const char* name, const char* text, size_t length) {
  char temporary[PATH_MAX], path[PATH_MAX];
  const char* folder = monitor.plan.session.state_dir;
  if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path ||
      snprintf(temporary, sizeof temporary, "%s/%s.tmp", folder, name) >= (int)sizeof temporary) {
    errno = ENAMETOOLONG;
    return -1;
  }
  int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  int result = fd == -1 ? -1 : write_all(fd, text, length);
  if (result == 0) result = rename(temporary, path);
  int reason = errno;
  if (fd != -1) close(fd);
  if (result == -1) unlink(temporary);
  // What a container ended with must not be lost for want of a new file.
  if (result == -1 && (reason == ENOSPC || reason == EDQUOT)) result = overwrite(path, text, length);
  errno = reason;
  return result;
}
