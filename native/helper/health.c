#include "health.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "cgroup.h"
#include "channel.h"
#include "events.h"
#include "health_log.h"
#include "health_probe.h"
#include "loop.h"
#include "monitor.h"

/** How long a probe of a paused container is put off. */
#define PAUSED_MS 200

static struct {
  bool on;
  struct probe_watch watch;
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
  health.watch = (struct probe_watch){epoll, channel_tag, output_tag};
  health.events = events;
  health.probing = false;
  health_log_begin();
  health.due = loop_now_ms() + interval();
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
  health_log_start();
  health.probing = true;
  if (probe_start(&health.probe, &health.watch)) return;
  health_log_note("start the probe: ", strerror(errno));
  conclude(-1);
}

static void conclude_if_over(void) {
  struct probe* probe = &health.probe;
  if (!health.probing || probe->forerunner != 0 || probe->pid != 0) return;
  if (probe->channel != -1) return;  // what it says comes before its end
  probe_read_output(probe);
  probe_close(&probe->output);
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
  probe_kill(&health.probe);
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
      if (probe->timed_out) probe_kill(probe);
      break;
    case CHANNEL_FAILED:
      probe->exit_code = -1;
      health_log_note(message.text, ": ");
      health_log_note(strerror(message.error), "");
      break;
    case CHANNEL_CLOSED:
      probe_close(&probe->channel);
      conclude_if_over();
      break;
    default:
      break;
  }
}

void health_output_ready(void) {
  if (health.probing) probe_read_output(&health.probe);
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
  if (!health.on) return;
  health.on = false;
  hear_all();
  if (health.probing) {
    health.probing = false;
    probe_kill(&health.probe);
    cgroups_thaw(&monitor.plan);  // frozen, it would not die
    probe_reap(&health.probe);
  }
  health_log_end();
}
