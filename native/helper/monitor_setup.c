#include "monitor_setup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "clone.h"
#include "files.h"
#include "log.h"
#include "loop.h"
#include "monitor.h"
#include "netns.h"
#include "report.h"

#define PLAN_FD 3
#define FIRST_CLIENT_FD 5
#define LOCK_PATIENCE_MS 2000

/**
 * The monitor is born in its own cgroup: in that of a service it would be killed, and its container with it,
 * when the service ends.
 */
static pid_t fork_monitor(const char* cgroup) {
  if (cgroup == NULL) return fork();
  int pidfd;
  int folder = open(cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder == -1) fail(STAGE_CGROUP, cgroup);
  pid_t pid = clone_process(0, folder, SIGCHLD, &pidfd);
  if (pid == -1) fail(STAGE_CGROUP, cgroup);
  close(folder);
  return pid;
}

/** Leaves the caller's session. What the caller waits for ends here; the monitor is nobody's child. */
static void detach(void) {
  pid_t pid = fork_monitor(monitor.plan.session.monitor_cgroup);
  if (pid == -1) fail(STAGE_SYSTEM, "fork");
  if (pid > 0) _exit(0);
  setsid();
  umask(0077);
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigaddset(&blocked, SIGCHLD);
  sigprocmask(SIG_SETMASK, &blocked, NULL);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  signal(SIGINT, SIG_IGN);
}

static void settle_descriptors(void) {
  int null = open_null(O_RDWR);
  if (null == -1) fail(STAGE_SYSTEM, "/dev/null");
  for (int fd = 0; fd < 3; fd++) dup2(null, fd);
  for (int fd = PLAN_FD; fd <= FIRST_CLIENT_FD; fd++) {
    // What the caller left closed is filled, so that nothing else gets that number.
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) == -1) dup3(null, fd, O_CLOEXEC);
  }
  syscall(SYS_close_range, FIRST_CLIENT_FD + 1, UINT_MAX,
          0);  // also `null`, unless it has one of those places
  netns_reserve();
}

static void read_plan(void) {
  struct stat info;
  if (fstat(PLAN_FD, &info) == -1) fail(STAGE_PLAN, "descriptor 3");
  if (info.st_size <= 0 || info.st_size > INT32_MAX) fail_because(STAGE_PLAN, EBADMSG, "size");
  // Private and writable: netlink messages get their sequence numbers in place.
  size_t length = (size_t)info.st_size;
  void* buffer = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE, PLAN_FD, 0);
  if (buffer == MAP_FAILED) fail(STAGE_PLAN, "memory");
  close(PLAN_FD);
  if (plan_parse(&monitor.plan, buffer, length) == -1) fail(STAGE_PLAN, "plan");
  char name[16];
  snprintf(name, sizeof name, "tinyd:%s", monitor.plan.session.id);
  prctl(PR_SET_NAME, name, 0, 0, 0);
}

/** One monitor per folder, as long as it lives. Others wait for its end on this lock. */
static void take_lock(void) {
  const char* folder = monitor.plan.session.run_dir;
  monitor.run_dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (monitor.run_dir == -1) fail(STAGE_LOCK, folder);
  int lock = openat(monitor.run_dir, "monitor.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock == -1) fail(STAGE_LOCK, folder);
  // Somebody who has just waited for the previous monitor may hold it for a moment.
  for (int waited = 0; flock(lock, LOCK_EX | LOCK_NB) == -1; waited++) {
    if (errno != EWOULDBLOCK || waited >= LOCK_PATIENCE_MS) fail(STAGE_LOCK, folder);
    usleep(1000);
  }
  monitor.lock = lock;
}

/** Binds attach.sock by a relative name: the path may be longer than a socket address can hold. */
static void listen_for_clients(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "attach.sock"};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd == -1 || fchdir(monitor.run_dir) == -1) fail(STAGE_SOCKET, monitor.plan.session.run_dir);
  unlink(address.sun_path);  // left by a monitor that was killed: we hold its lock
  umask(0177);
  if (bind(fd, (struct sockaddr*)&address, sizeof address) == -1 || listen(fd, 64) == -1) {
    fail(STAGE_SOCKET, monitor.plan.session.run_dir);
  }
  umask(0077);
  monitor.listener = fd;
  if (chdir("/") == -1) fail(STAGE_SOCKET, "/");
}

/** A thousand published ports take a thousand descriptors. */
static void raise_descriptor_limit(void) {
  if (getrlimit(RLIMIT_NOFILE, &monitor.descriptors) == -1) fail(STAGE_RLIMIT, "descriptors");
  struct rlimit raised = {.rlim_cur = monitor.descriptors.rlim_max, .rlim_max = monitor.descriptors.rlim_max};
  setrlimit(RLIMIT_NOFILE, &raised);
}

void monitor_set_up(void) {
  settle_descriptors();
  read_plan();
  detach();
  take_lock();
  const struct plan_session* session = &monitor.plan.session;
  if (session->log_path != NULL &&
      log_open(session->log_path, session->log_max_bytes, session->log_max_files) == -1) {
    fail(STAGE_LOG, session->log_path);
  }
  listen_for_clients();
  loop_prepare(session->first_client ? FIRST_CLIENT_FD : -1);
  if (!session->first_client) close(FIRST_CLIENT_FD);
  raise_descriptor_limit();
}
