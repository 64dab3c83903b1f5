#include "health_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "clone.h"
#include "files.h"
#include "health_log.h"
#include "join.h"
#include "loop.h"
#include "monitor.h"
#include "process.h"

void probe_close(int* fd) {
  if (*fd != -1) close(*fd);
  *fd = -1;
}

static bool watch(int epoll, int fd, uint64_t tag) {
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = tag};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/** The plan of a process that joins the container, with the container's namespaces and cgroups. */
static void describe(struct plan* plan) {
  *plan = monitor.plan;
  plan->target = TARGET_JOIN;
  plan->process = monitor.plan.health.process;
  plan->session.terminal = false;
  plan->join = (struct plan_join){.pid = (uint32_t)monitor.pid,
                                  .start_ticks = monitor.start_ticks,
                                  .namespaces = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID |
                                                CLONE_NEWNET | CLONE_NEWCGROUP};
}

bool probe_start(struct probe* probe, const struct probe_watch* by) {
  *probe = (struct probe){
      .channel = -1, .output = -1, .deadline = loop_now_ms() + (int64_t)monitor.plan.health.timeout};
  describe(&probe->plan);
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
  probe_close(&null);
  probe_close(&output[1]);
  probe_close(&channel[1]);
  probe_close(&pidfd);
  probe->output = output[0];
  probe->channel = channel[0];
  probe->forerunner = pid;
  if (pid != -1 && watch(by->epoll, probe->output, by->output_tag) &&
      watch(by->epoll, probe->channel, by->channel_tag)) {
    fcntl(probe->output, F_SETFL, O_NONBLOCK);
    return true;
  }
  if (pid > 0) {
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
  }
  probe_close(&probe->output);
  probe_close(&probe->channel);
  errno = reason;
  return false;
}

void probe_read_output(struct probe* probe) {
  char buffer[4096];
  // A pipe's worth at most: what the probe has started may go on writing.
  for (int pieces = 0; pieces < 16 && probe->output != -1; pieces++) {
    ssize_t got = read(probe->output, buffer, sizeof buffer);
    if (got == -1 && errno == EINTR) continue;
    if (got == -1 && errno == EAGAIN) return;
    if (got <= 0) return probe_close(&probe->output);
    health_log_output(buffer, (size_t)got);
  }
}

void probe_kill(struct probe* probe) {
  if (probe->forerunner > 0) kill(probe->forerunner, SIGKILL);
  if (probe->pid > 0 && kill(-probe->pid, SIGKILL) == -1) kill(probe->pid, SIGKILL);
}

void probe_reap(struct probe* probe) {
  if (probe->forerunner > 0) waitpid(probe->forerunner, NULL, 0);
  if (probe->pid > 0) waitpid(probe->pid, NULL, 0);
  probe_close(&probe->output);
  probe_close(&probe->channel);
}
