#include "monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "clients.h"
#include "clone.h"
#include "container.h"
#include "dns.h"
#include "events.h"
#include "files.h"
#include "health.h"
#include "join.h"
#include "log.h"
#include "loop.h"
#include "netns.h"
#include "plan_file.h"
#include "proc_stat.h"
#include "process.h"
#include "report.h"
#include "restart.h"
#include "state.h"
#include "streams.h"
#include "teardown.h"

#define PLAN_FD 3
#define REPORT_FD 4
#define FIRST_CLIENT_FD 5
#define LOCK_PATIENCE_MS 2000

struct monitor monitor = {.report = REPORT_FD,
                          .run_dir = -1,
                          .lock = -1,
                          .channel = -1,
                          .pidfd = -1,
                          .in = -1,
                          .out = -1,
                          .err = -1,
                          .slave = -1,
                          .listener = -1,
                          .status = MONITOR_EXITED};

static void finish(void);

/** A start that failed: nothing of it stays. */
static _Noreturn void give_up(enum report_stage stage, int error, const char* operand) {
  struct channel_message first;
  // The namespaces of a process that has failed are gone, and our own next step fails for that: its reason
  // counts.
  if (channel_has_failure(monitor.channel, &first) && first.stage < STAGE_COUNT) {
    stage = first.stage;
    error = first.error;
    operand = first.text;
  }
  if (monitor.pid > 0) {
    kill(monitor.pid, SIGKILL);
    while (waitpid(monitor.pid, NULL, 0) == -1 && errno == EINTR) continue;
  }
  if (monitor.restarts > 0) {
    // As docker: that ends it, with the exit status of the last run.
    snprintf(monitor.error, sizeof monitor.error, "start it again: %.256s: %s", operand, strerror(error));
    finish();
    _exit(1);
  }
  if (monitor.lock != -1) teardown(false);
  report_send(monitor.report, stage, error, operand, 0);
  _exit(1);
}

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

static void use_terminal(int master, int slave) {
  monitor.out = master;
  monitor.slave = slave;
}

/** Follows a process from its start to the program's exec. */
static void await_exec(int channel) {
  bool executing = false;
  for (;;) {
    struct channel_message message;
    int fds[2] = {-1, -1};
    channel_receive(channel, &message, fds);
    switch (message.kind) {
      case CHANNEL_FAILED:
        fail_because(message.stage < STAGE_COUNT ? message.stage : STAGE_SYSTEM, message.error, message.text);
      case CHANNEL_WARNING:
        report_keep_warning(message.text);
        break;
      case CHANNEL_TERMINAL:
        use_terminal(fds[0], fds[1]);
        break;
      case CHANNEL_RESOLVER:
        if (dns_begin(fds[0], fds[1]) == -1) fail(STAGE_SYSTEM, "resolver");
        break;
      case CHANNEL_FORKED:
        while (waitpid(monitor.pid, NULL, 0) == -1 && errno == EINTR) continue;
        monitor.pid = message.value;
        monitor.pidfd = (int)syscall(SYS_pidfd_open, monitor.pid, 0);
        if (monitor.pidfd == -1) fail(STAGE_JOIN, "pidfd");
        break;
      case CHANNEL_EXECUTING:
        executing = true;
        break;
      case CHANNEL_CLOSED:
        if (!executing) fail_because(STAGE_SYSTEM, ECHILD, "the process ended before its program began");
        close(channel);
        monitor.channel = -1;
        return;
    }
  }
}

static void start_container(struct process_start* start) {
  // Ports stay claimed and mapped while the container waits to be started again.
  if (monitor.restarts == 0) netns_claim_ports(&monitor.plan);
  cgroups_make(&monitor.cgroups, &monitor.plan);
  if (!(monitor.plan.container.unshare & CLONE_NEWPID)) prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  monitor.pid = container_start(start, &monitor.cgroups, &monitor.pidfd);
  monitor.channel = start->channel;
  if (monitor.plan.session.has_network) {
    netns_set_up_host(&monitor.plan, monitor.pid);
    if (!monitor.ports_set_up) {
      monitor.ports_set_up = true;
      netns_add_ports(&monitor.plan);
    }
    channel_send(start->channel, CHANNEL_NETWORK_READY, 0);
  }
}

/** A thousand published ports take a thousand descriptors. */
static void raise_descriptor_limit(void) {
  if (getrlimit(RLIMIT_NOFILE, &monitor.descriptors) == -1) fail(STAGE_RLIMIT, "descriptors");
  struct rlimit raised = {.rlim_cur = monitor.descriptors.rlim_max, .rlim_max = monitor.descriptors.rlim_max};
  setrlimit(RLIMIT_NOFILE, &raised);
}

static void start_process(void) {
  struct process_start start = {
      .plan = &monitor.plan, .stdio = streams_make(), .channel = -1, .descriptors = monitor.descriptors};
  if (monitor.plan.target == TARGET_CONTAINER) {
    start_container(&start);
  } else {
    cgroups_open(&monitor.cgroups, &monitor.plan);
    monitor.pid = join_start(&start, &monitor.cgroups);
  }
  streams_close_child(&start.stdio);
  await_exec(start.channel);
  cgroups_close(&monitor.cgroups);
  clock_gettime(CLOCK_REALTIME, &monitor.started_at);
  monitor.began_ms = loop_now_ms();
  monitor.start_ticks = proc_start_ticks(monitor.pid);
}

static void note_warning(const char* text) {
  report_keep_warning(text);
}

/** What docker's events tell of the end. An exec'd process has one of its own. */
static void record_end(void) {
  char attributes[96];
  bool container = monitor.plan.target == TARGET_CONTAINER;
  int length = 0;
  if (container) {
    if (monitor.outcome.memory.oom_kills > 0) events_write("oom", "");
    length = snprintf(attributes, sizeof attributes, "\"execDuration\":\"%lld\",",
                      (long long)(monitor.finished_at.tv_sec - monitor.started_at.tv_sec));
  }
  snprintf(attributes + length, sizeof attributes - (size_t)length, "\"exitCode\":\"%d\",",
           monitor.outcome.exit_code);
  events_write(container ? "die" : "exec_die", attributes);
}

/** From the last breath of the process to its whole outcome. */
static void end_run(void) {
  health_end();
  dns_end();
  bool container = monitor.plan.target == TARGET_CONTAINER;
  if (container && !(monitor.plan.container.unshare & CLONE_NEWPID)) cgroups_kill(&monitor.plan);
  streams_finish();
  log_finish();
  monitor.outcome.memory = cgroups_memory(&monitor.plan);
  plan_file_reload();  // its name may be another one by now
  record_end();
}

static void tell_clients(void) {
  clients_exit((uint32_t)monitor.outcome.exit_code, (uint32_t)monitor.outcome.signal,
               monitor.outcome.memory.oom_kills > 0);
}

/**
 * Waits to start the process again, where the plan in force says so. What belongs to one run goes; addresses,
 * ports, socket and log stay. False: it is not to be started again, or not any more.
 */
static bool await_restart(void) {
  int64_t delay;
  if (monitor.plan.target != TARGET_CONTAINER || !restart_due(&delay)) return false;
  monitor.status = MONITOR_RESTARTING;
  monitor.restarts++;
  monitor.pid = 0;
  state_write();
  cgroups_remove(&monitor.plan);
  netns_remove_links(&monitor.plan);
  clients_accept(monitor.listener);
  tell_clients();
  // In this order: who forbids it looks for the state afterwards (packages/runtime/src/lifecycle/stop.ts).
  if (restart_is_forbidden() || !loop_pause(delay) || !restart_lock()) return false;
  if (restart_is_forbidden()) return false;
  plan_file_reload();
  streams_reset();
  bool again = monitor.restart_asked || monitor.plan.session.has_restart;
  monitor.restart_asked = false;
  return again;
}

/** From the outcome to the last word to the clients. */
static void finish(void) {
  monitor.status = MONITOR_EXITED;
  state_write();
  restart_unlock();
  teardown(true);
  // Only its monitor sees a --rm container go.
  if (monitor.plan.session.remove_trees.count > 0 && monitor.plan.target == TARGET_CONTAINER)
    events_write("destroy", "");
  clients_accept(monitor.listener);  // who came before the socket went
  close(monitor.listener);
  tell_clients();
  close(monitor.lock);
  loop_deliver();
}

/** The process from its start to its end. */
static void run(void) {
  start_process();
  monitor.status = MONITOR_RUNNING;
  if (state_write() == -1) fail(STAGE_SYSTEM, monitor.plan.session.state_dir);
  restart_unlock();
  if (monitor.plan.target == TARGET_CONTAINER) events_write("start", "");
  if (monitor.restarts == 0) report_send(monitor.report, STAGE_STARTED, 0, "", (uint32_t)monitor.pid);
  loop_run();
  end_run();
}

int monitor_main(void) {
  report_to = (struct report_to){.failed = give_up, .warned = note_warning};
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
  do {
    run();
  } while (await_restart());
  finish();
  return 0;
}
