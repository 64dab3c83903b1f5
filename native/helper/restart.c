#include "restart.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "loop.h"
#include "monitor.h"
#include "plan_file.h"

#define FIRST_DELAY_MS 100
#define LONGEST_DELAY_MS (60 * 1000)

/** A run of this length is a good one: the next delay is the first one again. */
#define GOOD_RUN_MS (10 * 1000)

/** Between two tries to get a lock that somebody holds. */
#define LOCK_PAUSE_MS 20

static int64_t delay;
static int lock = -1;

static void own_path(char path[PATH_MAX], const char* name) {
  snprintf(path, PATH_MAX, "%s/%s", monitor.plan.session.state_dir, name);
}

bool restart_is_forbidden(void) {
  char path[PATH_MAX];
  own_path(path, "stopped");
  return access(path, F_OK) == 0;
}

void restart_forbid(void) {
  char path[PATH_MAX];
  if (monitor.plan.target != TARGET_CONTAINER) return;
  own_path(path, "stopped");
  int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd == -1) return;
  // A boot after a power cut goes by it.
  if (monitor.plan.session.has_restart) {
    int folder = open(monitor.plan.session.state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fsync(fd);
    if (folder != -1) {
      fsync(folder);
      close(folder);
    }
  }
  close(fd);
}

bool restart_lock(void) {
  char path[PATH_MAX];
  own_path(path, "lock");
  lock = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (lock == -1) return true;  // gone, as its folder is: there is nobody to wait for
  // Polled, so that a client, or whoever stops the container, need not wait too.
  while (flock(lock, LOCK_EX | LOCK_NB) == -1) {
    if (loop_pause(LOCK_PAUSE_MS)) continue;
    close(lock);
    lock = -1;
    return false;
  }
  return true;
}

void restart_unlock(void) {
  if (lock == -1) return;
  flock(lock, LOCK_UN);  // the process that was started has the descriptor until it executes its program
  close(lock);
  lock = -1;
}

bool restart_is_end_signal(uint32_t number) {
  return number == SIGINT || number == SIGQUIT || number == SIGTERM || number == SIGKILL ||
         number == monitor.plan.session.stop_signal;
}

bool restart_due(int64_t* delay_ms) {
  plan_file_reload();
  const struct plan_session* session = &monitor.plan.session;
  if (restart_is_forbidden()) return false;
  *delay_ms = 0;
  if (monitor.restart_asked) return true;
  if (!session->has_restart) return false;
  if (session->restart.only_failures) {
    if (monitor.outcome.exit_code == 0) return false;
    if (session->restart.most_times != 0 && monitor.restarts >= session->restart.most_times) return false;
  }
  delay = delay == 0 || loop_now_ms() - monitor.began_ms >= GOOD_RUN_MS ? FIRST_DELAY_MS : delay * 2;
  if (delay > LONGEST_DELAY_MS) delay = LONGEST_DELAY_MS;
  *delay_ms = delay;
  return true;
}
