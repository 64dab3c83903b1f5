#include "monitor.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "clients.h"
#include "dns.h"
#include "events.h"
#include "health.h"
#include "log.h"
#include "loop.h"
#include "monitor_setup.h"
#include "monitor_start.h"
#include "netns.h"
#include "plan_file.h"
#include "report.h"
#include "restart.h"
#include "state.h"
#include "streams.h"
#include "teardown.h"

#define REPORT_FD 4

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
    const char* why =
        stage == STAGE_JOIN ? "the container whose namespace it shares is not the one of before: " : "";
    snprintf(monitor.error, sizeof monitor.error, "start it again: %s%.256s: %s", why, operand,
             strerror(error));
    finish();
    _exit(1);
  }
  if (monitor.lock != -1) teardown(false);
  report_send(monitor.report, stage, error, operand, 0);
  _exit(1);
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
  monitor_start_process();
  monitor.status = MONITOR_RUNNING;
  if (state_write() == -1) fail(STAGE_SYSTEM, monitor.plan.session.state_dir);
  restart_unlock();
  if (monitor.plan.target == TARGET_CONTAINER) events_write("start", "");
  if (monitor.restarts == 0) report_send(monitor.report, STAGE_STARTED, 0, "", (uint32_t)monitor.pid);
  loop_run();
  end_run();
}

int monitor_main(void) {
  report_to = (struct report_to){.failed = give_up, .warned = report_keep_warning};
  monitor_set_up();
  do {
    run();
  } while (await_restart());
  finish();
  return 0;
}
