#include "loop.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clients.h"
#include "dns.h"
#include "health.h"
#include "monitor.h"
#include "netns.h"
#include "plan_file.h"
#include "report.h"
#include "restart.h"
#include "streams.h"

/** How long a client that has been told everything may stay. */
#define FAREWELL_MS 5000

enum tag {
  TAG_EXIT,
  TAG_SIGNAL,
  TAG_LISTENER,
  TAG_OUT,
  TAG_ERR,
  TAG_IN,
  TAG_DNS,
  TAG_PROBE,
  TAG_PROBE_OUT,
  TAG_CLIENTS
};

static struct {
  int epoll;
  int signals;
  bool ended;
  /** Asked to end: it is not started again. */
  bool stopping;
  /** When SIGKILL follows, in milliseconds of the monotonic clock; 0: not asked to stop. */
  int64_t kill_at;
} loop;

int64_t loop_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/** Signals the container's process. A frozen one would not even notice SIGKILL. */
static void send_signal(uint32_t number) {
  if (number > 64 || monitor.pidfd == -1) return;
  syscall(SYS_pidfd_send_signal, monitor.pidfd, number, NULL, 0);
  if (number == SIGKILL && monitor.plan.target == TARGET_CONTAINER) cgroups_thaw(&monitor.plan);
}

/** A signal from a user's terminal. One that asks for the end asks for it for good. */
static void pass_signal(uint32_t number) {
  if (restart_is_end_signal(number)) {
    loop.stopping = true;
    restart_forbid();
  }
  send_signal(number);
}

static uint32_t reload(char* operand, size_t size) {
  plan_file_reload();
  return netns_hold_ports(&monitor.plan, operand, size) == 0 ? 0 : (uint32_t)errno;
}

static void watch(int fd, enum tag tag) {
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = tag};
  if (epoll_ctl(loop.epoll, EPOLL_CTL_ADD, fd, &event) == -1) fail(STAGE_SYSTEM, "epoll");
}

/** The container, which has run without one, was connected to a network that has names. */
static bool take_resolver(int udp, int listener) {
  if (monitor.pidfd == -1 || dns_begin(udp, listener) == -1) return false;
  watch(dns_descriptor(), TAG_DNS);
  return true;
}

static const struct clients_events events = {.resize = streams_resize,
                                             .signal = pass_signal,
                                             .input_ended = streams_end_input,
                                             .reload = reload,
                                             .resolver = take_resolver};

void loop_prepare(int first_client) {
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGTERM);
  sigaddset(&wanted, SIGCHLD);
  loop.epoll = epoll_create1(EPOLL_CLOEXEC);
  loop.signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  if (loop.epoll == -1 || loop.signals == -1) fail(STAGE_SYSTEM, "epoll");
  clients_init(loop.epoll, TAG_CLIENTS, &events);
  if (first_client != -1) clients_add(first_client, true);
  watch(loop.signals, TAG_SIGNAL);
  watch(monitor.listener, TAG_LISTENER);
}

/** Asks the container to end, and means to insist later. */
static void ask_to_end(void) {
  int32_t seconds = monitor.plan.session.stop_timeout_seconds;
  send_signal(monitor.plan.session.stop_signal);
  if (loop.kill_at == 0 && seconds >= 0) loop.kill_at = loop_now_ms() + (int64_t)seconds * 1000;
}

/** Told to stop. */
static void stop(void) {
  loop.stopping = true;
  ask_to_end();
}

static void kill_unhealthy(void) {
  send_signal(SIGKILL);
}

static void restart_unhealthy(void) {
  monitor.restart_asked = true;
  ask_to_end();
}

static const struct health_events health_events = {
    .kill = kill_unhealthy, .stop = stop, .restart = restart_unhealthy};

static void handle_signals(void) {
  struct signalfd_siginfo info;
  while (read(loop.signals, &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGTERM) stop();
  }
  // Orphans of a container without a PID namespace come to us. The process itself is waited for by its pidfd.
  siginfo_t ended = {0};
  while (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid != 0) {
    if (ended.si_pid == monitor.pid) return;
    pid_t pid = ended.si_pid;
    waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOHANG);
    health_reaped(pid, ended.si_code == CLD_EXITED ? ended.si_status : 128 + ended.si_status);
    ended.si_pid = 0;
  }
}

/** Reaps the container's process and notes how it ended. */
static void handle_exit(void) {
  siginfo_t info = {0};
  if (waitid(P_PIDFD, (id_t)monitor.pidfd, &info, WEXITED) == -1) fail(STAGE_SYSTEM, "wait");
  clock_gettime(CLOCK_REALTIME, &monitor.finished_at);
  monitor.outcome = (struct outcome){0};
  if (info.si_code == CLD_EXITED) {
    monitor.outcome.exit_code = info.si_status;
  } else {
    monitor.outcome.signal = info.si_status;
    monitor.outcome.exit_code = 128 + info.si_status;
  }
  close(monitor.pidfd);
  monitor.pidfd = -1;
  loop.ended = true;
}

/** Milliseconds until `moment`, as epoll_wait takes them; -1: no such moment. */
static int timeout_until(int64_t moment) {
  if (moment == 0) return -1;
  int64_t left = moment - loop_now_ms();
  if (left > INT_MAX) return INT_MAX;
  return left > 0 ? (int)left : 0;
}

/** The earlier of two moments, 0 being none. */
static int64_t sooner(int64_t one, int64_t other) {
  return other == 0 || (one != 0 && one < other) ? one : other;
}

static void dispatch(const struct epoll_event* event) {
  switch (event->data.u64) {
    case TAG_EXIT:
      return handle_exit();
    case TAG_SIGNAL:
      return handle_signals();
    case TAG_LISTENER:
      return clients_accept(monitor.listener);
    case TAG_OUT:
      return streams_read(false);
    case TAG_ERR:
      return streams_read(true);
    case TAG_IN:
      return;  // streams_update passes input on
    case TAG_DNS:
      return dns_ready();
    case TAG_PROBE:
      return health_channel_ready();
    case TAG_PROBE_OUT:
      return health_output_ready();
    default:
      return clients_ready(event->data.u64, event->events);
  }
}

static void wait_and_dispatch(int timeout_ms) {
  struct epoll_event ready[16];
  int count = epoll_wait(loop.epoll, ready, 16, timeout_ms);
  for (int i = 0; i < count; i++) dispatch(&ready[i]);
}

void loop_run(void) {
  loop.ended = false;
  loop.kill_at = 0;
  streams_watch(loop.epoll, TAG_OUT, TAG_ERR, TAG_IN);
  watch(monitor.pidfd, TAG_EXIT);
  if (dns_descriptor() != -1) watch(dns_descriptor(), TAG_DNS);
  health_begin(loop.epoll, TAG_PROBE, TAG_PROBE_OUT, &health_events);
  while (!loop.ended) {
    wait_and_dispatch(timeout_until(sooner(loop.kill_at, health_next())));
    streams_update();
    if (!loop.ended) health_tick();
    if (loop.kill_at == 0 || loop_now_ms() < loop.kill_at) continue;
    send_signal(SIGKILL);
    loop.kill_at = loop_now_ms() + 1000;
  }
}

bool loop_pause(int64_t milliseconds) {
  int64_t until = loop_now_ms() + milliseconds;
  while (!loop.stopping && loop_now_ms() < until) wait_and_dispatch(timeout_until(until));
  return !loop.stopping;
}

void loop_deliver(void) {
  int64_t leave_at = 0;
  // A client leaves when it knows the end; one that goes on writing must not find the door shut before it has
  // read that.
  while (clients_present() && (leave_at == 0 || loop_now_ms() < leave_at)) {
    if (leave_at == 0 && !clients_owed()) leave_at = loop_now_ms() + FAREWELL_MS;
    wait_and_dispatch(timeout_until(leave_at));
  }
}
