#include "health.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "clone.h"
#include "events.h"
#include "files.h"
#include "health_log.h"
#include "join.h"
#include "loop.h"
#include "monitor.h"

/** How long a probe of a paused container is put off. */
#define PAUSED_MS 200

/** The probe under way. */
struct probe {
  struct plan plan; /* joins the container, by the strings of the monitor's plan */
  pid_t forerunner; /* 0: reaped */
  pid_t pid;        /* 0: not forked yet, or reaped */
  int channel;      /* -1: closed */
  int output;
  int exit_code;
  bool timed_out;
  int64_t deadline;
};

static struct {
  bool on;
  int epoll;
  uint64_t channel_tag, output_tag;
  const struct health_events* events;
  bool probing;
  struct probe probe;
  int64_t due;
} health;

static const struct plan_health* settings(void) {
  return &monitor.plan.health;
}

/** docker's choice: more often at first, until it has been well once. */
static int64_t interval(void) {
  bool beginning = loop_now_ms() - monitor.began_ms < (int64_t)settings()->start_period;
  return (int64_t)(beginning && health_log_status() == HEALTH_STARTING ? settings()->start_interval
                                                                       : settings()->interval);
}

void health_begin(int epoll, uint64_t channel_tag, uint64_t output_tag, const struct health_events* events) {
  health.on = monitor.plan.has_health;
  if (!health.on) return;
  health.epoll = epoll;
  health.channel_tag = channel_tag;
  health.output_tag = output_tag;
  health.events = events;
  health.probing = false;
  health_log_begin();
  health.due = loop_now_ms() + interval();
}

static bool watch(int fd, uint64_t tag) {
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = tag};
  return epoll_ctl(health.epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void drop(int* fd) {
  if (*fd != -1) close(*fd);
  *fd = -1;
}

/** The plan of a process that joins the container, with the container's namespaces and cgroups. */
static void describe(struct plan* plan) {
  *plan = monitor.plan;
  plan->target = TARGET_JOIN;
  plan->process = settings()->process;
  plan->session.terminal = false;
  plan->join = (struct plan_join){.pid = (uint32_t)monitor.pid,
                                  .start_ticks = monitor.start_ticks,
                                  .namespaces = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID |
                                                CLONE_NEWNET | CLONE_NEWCGROUP};
}

/** Starts the forerunner. False with errno set: not even that could be had. */
static bool fork_probe(struct probe* probe) {
  int output[2] = {-1, -1}, channel[2] = {-1, -1}, pidfd = -1;
  int null = open_null(O_RDONLY);
  bool made = null != -1 && pipe2(output, O_CLOEXEC) == 0 && channel_open(channel) == 0;
  struct process_start start = {.plan = &probe->plan,
                                .stdio = {null, output[1], output[1], {false, true, true}},
                                .channel = channel[1],
                                .descriptors = monitor.descriptors};
  pid_t pid = made ? clone_process(0, -1, SIGCHLD, &pidfd) : -1;
  if (pid == 0) {
    channel_report_to(channel[1]);
    join_become(&start);
  }
  int reason = errno;
  drop(&null);
  drop(&output[1]);
  drop(&channel[1]);
  drop(&pidfd);
  probe->output = output[0];
  probe->channel = channel[0];
  probe->forerunner = pid;
  if (pid != -1 && watch(probe->output, health.output_tag) && watch(probe->channel, health.channel_tag)) {
    fcntl(probe->output, F_SETFL, O_NONBLOCK);
    return true;
  }
  if (pid > 0) {
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
  }
  drop(&probe->output);
  drop(&probe->channel);
  errno = reason;
  return false;
}

/** What becomes of a result that changes the status. */
static void act(enum health_status before) {
  if (health_log_status() == before) return;
  events_write(health_log_status() == HEALTH_HEALTHY ? "health_status: healthy" : "health_status: unhealthy",
               "");
  if (health_log_status() != HEALTH_UNHEALTHY) return;
  switch (settings()->on_unhealthy) {
    case UNHEALTHY_KILL:
      return health.events->kill();
    case UNHEALTHY_RESTART:
      return health.events->restart();
    case UNHEALTHY_STOP:
      return health.events->stop();
    case UNHEALTHY_NONE:
    case UNHEALTHY_COUNT:
      return;
  }
}

static void conclude(int exit_code) {
  enum health_status before = health_log_status();
  health.probing = false;
  health_log_result(exit_code, loop_now_ms() - monitor.began_ms);
  // Known by now whether it is well: the time to the next look may be another one.
  health.due = loop_now_ms() + interval();
  act(before);
}

static void start_probe(void) {
  struct probe* probe = &health.probe;
  *probe =
      (struct probe){.channel = -1, .output = -1, .deadline = loop_now_ms() + (int64_t)settings()->timeout};
  describe(&probe->plan);
  health_log_start();
  health.probing = true;
  if (fork_probe(probe)) return;
  health_log_note("start the probe: ", strerror(errno));
  conclude(-1);
}

/** All that the probe started, too: it leads a session. */
static void kill_probe(struct probe* probe) {
  if (probe->forerunner > 0) kill(probe->forerunner, SIGKILL);
  if (probe->pid > 0 && kill(-probe->pid, SIGKILL) == -1) kill(probe->pid, SIGKILL);
}

static void conclude_if_over(void) {
  struct probe* probe = &health.probe;
  if (!health.probing || probe->forerunner != 0 || probe->pid != 0) return;
  if (probe->channel != -1) return;  // what it says comes before its end
  health_output_ready();
  drop(&probe->output);
  if (probe->timed_out) health_log_timeout(settings()->timeout_text);
  conclude(probe->timed_out ? -1 : probe->exit_code);
}

int64_t health_next(void) {
  if (!health.on) return 0;
  return health.probing ? health.probe.deadline : health.due;
}

void health_tick(void) {
  if (!health.on || loop_now_ms() < health_next()) return;
  // Frozen processes neither run nor die: neither is a fault of theirs.
  bool frozen = cgroups_frozen(&monitor.plan);
  if (!health.probing) {
    if (!frozen) return start_probe();
    health.due = loop_now_ms() + PAUSED_MS;
    return;
  }
  health.probe.deadline = loop_now_ms() + (frozen ? PAUSED_MS : 1000);
  if (frozen) return;
  health.probe.timed_out = true;
  kill_probe(&health.probe);
}

void health_channel_ready(void) {
  struct probe* probe = &health.probe;
  struct channel_message message;
  int fds[2];
  if (!health.probing || probe->channel == -1) return;
  channel_receive(probe->channel, &message, fds);
  switch (message.kind) {
    case CHANNEL_FORKED:
      probe->pid = message.value;
      if (probe->timed_out) kill_probe(probe);
      break;
    case CHANNEL_FAILED:
      probe->exit_code = -1;
      health_log_note(message.text, ": ");
      health_log_note(strerror(message.error), "");
      break;
    case CHANNEL_CLOSED:
      drop(&probe->channel);
      conclude_if_over();
      break;
    default:
      break;
  }
}

void health_output_ready(void) {
  char buffer[4096];
  // A pipe's worth at most: what the probe has started may go on writing.
  for (int pieces = 0; pieces < 16 && health.probing && health.probe.output != -1; pieces++) {
    ssize_t got = read(health.probe.output, buffer, sizeof buffer);
    if (got == -1 && errno == EINTR) continue;
    if (got == -1 && errno == EAGAIN) return;
    if (got <= 0) return drop(&health.probe.output);
    health_log_output(buffer, (size_t)got);
  }
}

/** Its PID may have been told, and not been heard yet. */
static void hear_all(void) {
  struct pollfd ready = {.fd = health.probe.channel, .events = POLLIN};
  while (health.probing && health.probe.channel != -1 && poll(&ready, 1, 0) == 1 &&
         (ready.revents & POLLIN)) {
    health_channel_ready();
  }
}

void health_reaped(pid_t pid, int exit_code) {
  struct probe* probe = &health.probe;
  hear_all();
  if (!health.probing) return;
  if (pid == probe->forerunner) {
    probe->forerunner = 0;
  } else if (pid == probe->pid) {
    probe->pid = 0;
    if (probe->exit_code == 0) probe->exit_code = exit_code;
  }
  conclude_if_over();
}

void health_end(void) {
  struct probe* probe = &health.probe;
  if (!health.on) return;
  health.on = false;
  hear_all();
  if (health.probing) {
    kill_probe(probe);
    cgroups_thaw(&monitor.plan);  // frozen, it would not die
    health.probing = false;
    if (probe->forerunner > 0) waitpid(probe->forerunner, NULL, 0);
    if (probe->pid > 0) waitpid(probe->pid, NULL, 0);
    drop(&probe->output);
    drop(&probe->channel);
  }
  health_log_end();
}
