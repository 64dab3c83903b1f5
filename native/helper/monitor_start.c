#include "monitor_start.h"

#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "channel.h"
#include "container.h"
#include "dns.h"
#include "join.h"
#include "loop.h"
#include "monitor.h"
#include "netns.h"
#include "proc_stat.h"
#include "process.h"
#include "report.h"
#include "streams.h"

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

void monitor_start_process(void) {
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
