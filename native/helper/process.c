#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capabilities.h"
#include "channel.h"
#include "exec_path.h"
#include "files.h"
#include "in_root.h"
#include "init_reaper.h"
#include "report.h"
#include "terminal.h"

static void die_with_monitor(void) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1) fail(STAGE_SYSTEM, "parent death signal");
}

void process_begin(void) {
  // Until exec: no ptrace, no look at /proc/PID/fd from inside the container (CVE-2016-9962).
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1) fail(STAGE_SYSTEM, "dumpable");
  die_with_monitor();
  setsid();
  umask(0);
}

void process_keep_own_descriptors(struct process_start* start) {
  int* own[] = {&start->stdio.in, &start->stdio.out, &start->stdio.err, &start->channel};
  const unsigned count = sizeof own / sizeof *own;
  int next = 3;
  for (unsigned i = 0; i < count; i++) {
    if (*own[i] >= next) next = *own[i] + 1;
  }
  // Put in a row, so that all before and all behind it can be closed at a stroke.
  const int first = next;
  syscall(SYS_close_range, first, UINT_MAX, 0);
  for (unsigned i = 0; i < count; i++) {
    if (*own[i] == -1) continue;
    *own[i] = fcntl(*own[i], F_DUPFD_CLOEXEC, next++);
    if (*own[i] == -1) fail(STAGE_SYSTEM, "descriptors");
  }
  channel_report_to(start->channel);
  syscall(SYS_close_range, 3, first - 1, 0);
}

void process_set_oom_score(const struct plan_process* process) {
  char value[16];
  if (!process->has_oom_score_adj) return;
  snprintf(value, sizeof value, "%d", process->oom_score_adj);
  if (write_value(AT_FDCWD, "/proc/self/oom_score_adj", value) == -1) fail(STAGE_RLIMIT, "oom_score_adj");
}

void process_join_keyring(const struct plan* plan) {
  char name[128];
  if (!plan->process.new_session_keyring) return;
  snprintf(name, sizeof name, "_ses.%s", plan->session.id);
  if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name) == -1 && errno != ENOSYS)
    fail(STAGE_KEYRING, name);
}

void process_open_terminal(struct process_start* start, int root, bool console) {
  if (!start->plan->session.terminal) return;
  struct terminal terminal = terminal_open(&start->plan->session, root);
  if (console) terminal_bind_console(root, terminal.slave);
  terminal_control(terminal.slave);
  if (channel_send_pair(start->channel, CHANNEL_TERMINAL, terminal.master, terminal.slave) == -1)
    fail(STAGE_TERMINAL, "pty");
  close(terminal.master);
  start->stdio = (struct process_stdio){terminal.slave, terminal.slave, terminal.slave, {true, false, false}};
}

/** What --ulimit calls a resource (getrlimit(2); the numbers are the same on all that Linux runs here). */
static const char* resource_name(uint32_t resource) {
  static const char* const names[] = {"cpu",      "fsize",  "data",    "stack", "core",  "rss",
                                      "nproc",    "nofile", "memlock", "as",    "locks", "sigpending",
                                      "msgqueue", "nice",   "rtprio",  "rttime"};
  return resource < sizeof names / sizeof *names ? names[resource] : "?";
}

static void set_rlimits(const struct process_start* start) {
  const struct plan* plan = start->plan;
  setrlimit(RLIMIT_NOFILE, &start->descriptors);
  struct plan_reader reader = plan_items(plan, plan->process.rlimits);
  for (uint32_t i = 0; i < plan->process.rlimits.count; i++) {
    struct plan_rlimit wanted = plan_next_rlimit(&reader);
    struct rlimit limit = {.rlim_cur = wanted.soft, .rlim_max = wanted.hard}, own;
    if (setrlimit((int)wanted.resource, &limit) == 0) continue;
    if (errno != EPERM || getrlimit((int)wanted.resource, &own) == -1)
      fail(STAGE_RLIMIT, resource_name(wanted.resource));
    // Without CAP_SYS_RESOURCE a hard limit only goes down: the host's own is as far as we get.
    if (limit.rlim_max > own.rlim_max) limit.rlim_max = own.rlim_max;
    if (limit.rlim_cur > limit.rlim_max) limit.rlim_cur = limit.rlim_max;
    if (setrlimit((int)wanted.resource, &limit) == -1) fail(STAGE_RLIMIT, resource_name(wanted.resource));
    warn("ulimit %s: the host allows no more than %llu", resource_name(wanted.resource),
         (unsigned long long)limit.rlim_max);
  }
}

/** Moves stdio to its place. The user gets what is ours, so that it can open /dev/stdout anew. */
static void place_stdio(struct process_start* start) {
  int fds[3] = {start->stdio.in, start->stdio.out, start->stdio.err};
  for (int i = 0; i < 3; i++) {
    if (start->stdio.owned[i] && fchown(fds[i], start->plan->process.uid, (gid_t)-1) == -1) {
      fail(STAGE_TERMINAL, "stdio");
    }
    fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
    if (fds[i] == -1) fail(STAGE_SYSTEM, "stdio");
  }
  for (int i = 0; i < 3; i++) {
    if (dup2(fds[i], i) == -1) fail(STAGE_SYSTEM, "stdio");
  }
}

/** Enters the working directory; false when only the user itself may (a network file system, say). */
static bool enter_folder(const struct plan* plan, bool as_root) {
  const char* path = plan->process.cwd;
  int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root == -1) fail(STAGE_CWD, "/");
  bool make = plan->target == TARGET_CONTAINER && as_root;
  int folder =
      make ? in_root_make(root, path, IN_ROOT_FOLDER) : in_root_open(root, path, O_PATH | O_DIRECTORY, 0);
  bool refused = (folder == -1 || fchdir(folder) == -1);
  if (refused && as_root && (errno == EACCES || errno == EPERM)) return false;
  if (refused) fail(STAGE_CWD, path);
  close(root);
  close(folder);
  char where[PATH_MAX];
  // A folder outside the root shows as "(unreachable)…" (CVE-2024-21626).
  if (syscall(SYS_getcwd, where, sizeof where) == -1) fail(STAGE_CWD, path);
  if (where[0] != '/') fail_because(STAGE_CWD, EXDEV, path);
  return true;
}

static void load_seccomp(const struct plan_process* process) {
  if (!process->has_seccomp) return;
  size_t count = process->seccomp_filter.length / sizeof(struct sock_filter);
  if (count == 0 || count > BPF_MAXINSNS ||
      process->seccomp_filter.length % sizeof(struct sock_filter) != 0) {
    fail_because(STAGE_SECCOMP, EINVAL, "filter");
  }
  struct sock_fprog program = {(unsigned short)count, (struct sock_filter*)process->seccomp_filter.data};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, process->seccomp_flags, &program) != 0) {
    fail(STAGE_SECCOMP, "filter");
  }
}

static char** string_array(const struct plan* plan, struct plan_list list) {
  char** array = calloc((size_t)list.count + 1, sizeof *array);
  if (array == NULL) fail(STAGE_SYSTEM, "memory");
  struct plan_reader reader = plan_items(plan, list);
  for (uint32_t i = 0; i < list.count; i++) array[i] = (char*)plan_next_string(&reader);
  return array;
}

static void reset_signals(void) {
  struct sigaction standard = {.sa_handler = SIG_DFL};
  sigset_t none;
  for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &standard, NULL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

/** A monitor that died before the death signal was set again cannot be noticed otherwise. */
static void require_monitor(int channel) {
  struct pollfd poll_channel = {.fd = channel};
  if (poll(&poll_channel, 1, 0) == 1 && (poll_channel.revents & (POLLHUP | POLLERR))) _exit(1);
}

_Noreturn void process_become(struct process_start* start) {
  const struct plan* plan = start->plan;
  const struct plan_process* process = &plan->process;
  char** argv = string_array(plan, process->argv);
  char** env = string_array(plan, process->env);
  char path[PATH_MAX];

  place_stdio(start);
  set_rlimits(start);
  if (process->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) {
    fail(STAGE_SECCOMP, "no_new_privs");
  }
  bool inside = enter_folder(plan, true);
  // Without no_new_privs a filter takes CAP_SYS_ADMIN, which is about to go; with it, the filter can be the
  // last step.
  if (!process->no_new_privileges) load_seccomp(process);
  capabilities_bound(process);
  capabilities_become_user(plan);
  capabilities_set(process);
  if (!inside) enter_folder(plan, false);
  umask(process->umask);
  die_with_monitor();  // changing the user has cleared it
  require_monitor(start->channel);

  int reason = exec_path_find(argv[0], env, path);
  if (reason != 0) fail_because(STAGE_EXEC, reason, argv[0]);
  reset_signals();
  channel_send(start->channel, CHANNEL_EXECUTING, 0);
  if (process->no_new_privileges) load_seccomp(process);
  if (syscall(SYS_close_range, 3, UINT_MAX, CLOSE_RANGE_CLOEXEC) == -1) fail(STAGE_SYSTEM, "close_range");
  if (process->init) init_reaper_split();
  execve(path, argv, env);
  fail(STAGE_EXEC, argv[0]);
}
