#ifndef TINYD_LOOP_H
#define TINYD_LOOP_H
#include <stdbool.h>
#include <stdint.h>

/** Prepares the event loop: `first_client` (or -1) is served from the first byte on. */
void loop_prepare(int first_client);

/** Serves the container until its process has ended, and reads how. */
void loop_run(void);

/**
 * Serves the clients for a while in which no process runs. False: told to stop meanwhile, or before.
 */
bool loop_pause(int64_t milliseconds);

/** Milliseconds of a clock that nobody sets. */
int64_t loop_now_ms(void);

/** Serves the clients until each of them has taken everything or has left. */
void loop_deliver(void);

#endif
