#ifndef TINYD_HEALTH_PROBE_H
#define TINYD_HEALTH_PROBE_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "plan.h"

/* A process that joins the container, as an exec's does, to ask whether it is well. */

struct probe {
  struct plan plan; /* joins the container, by the strings of the monitor's plan */
  pid_t forerunner; /* 0: reaped */
  pid_t pid;        /* 0: not forked yet, or reaped */
  int channel;      /* what its start reports; -1: closed */
  int output;       /* what it writes; -1: closed */
  int exit_code;
  bool timed_out;
  int64_t deadline; /* of loop_now_ms() */
};

/** Where the descriptors of a probe are watched, and by which tags. */
struct probe_watch {
  int epoll;
  uint64_t channel_tag, output_tag;
};

/** Starts a probe. False with errno set: it could not even be forked. */
bool probe_start(struct probe* probe, const struct probe_watch* watch);

/** Takes what the probe has written, for the log of probes. */
void probe_read_output(struct probe* probe);

/** Kills the probe and all that it started: it leads a session. */
void probe_kill(struct probe* probe);

/** Waits for the end of a probe that was killed, and lets go of it. */
void probe_reap(struct probe* probe);

/** Closes a descriptor of a probe, if it is open. */
void probe_close(int* fd);

#endif
