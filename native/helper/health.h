#ifndef TINYD_HEALTH_H
#define TINYD_HEALTH_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * docker's health checks: a process of the plan is run inside the container every so often, and its exit
 * status tells whether the container is well. Nothing here waits, and nothing that a probe does or fails to
 * do is an end of the container, unless the plan says so.
 */

/** What follows when a container has become unhealthy. */
struct health_events {
  void (*kill)(void);
  void (*stop)(void);
  void (*restart)(void);
};

/** Begins to probe a container whose process has just been started. The tags are those of a probe's
 * descriptors. */
void health_begin(int epoll, uint64_t channel_tag, uint64_t output_tag, const struct health_events* events);

/** When health_tick() has something to do, by loop_now_ms(); 0: never. */
int64_t health_next(void);

/** Starts a probe that is due, ends one that takes too long. */
void health_tick(void);

/** Reads how the start of a probe goes on. */
void health_channel_ready(void);

/** Reads what a probe says. */
void health_output_ready(void);

/** Takes note of a child that was reaped; `exit_code` as a shell has it. */
void health_reaped(pid_t pid, int exit_code);

/** The container has ended: so does its probe. */
void health_end(void);

#endif
