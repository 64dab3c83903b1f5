#ifndef TINYD_HEALTH_LOG_H
#define TINYD_HEALTH_LOG_H
#include <stddef.h>
#include <stdint.h>

/*
 * What the probes have found: `health.json` in the state folder, replaced after each of them. As docker: the
 * last five, and of what each said the first 4096 bytes.
 */

enum health_status { HEALTH_STARTING, HEALTH_HEALTHY, HEALTH_UNHEALTHY };

enum health_status health_log_status(void);

/** A container that was just started: nothing is known of it. */
void health_log_begin(void);

/** A probe begins. */
void health_log_start(void);

/** Keeps what the probe says. */
void health_log_output(const char* text, size_t length);

/** Keeps words of ours. */
void health_log_note(const char* first, const char* second);

/** Puts docker's words for a probe that took too long in front of what it has said. */
void health_log_timeout(const char* limit);

/** A probe has ended, so many milliseconds after the container was started: 0 is well. */
void health_log_result(int exit_code, int64_t up_ms);

/** The container has ended, and is not well for that. */
void health_log_end(void);

#endif
