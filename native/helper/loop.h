#ifndef TINYD_LOOP_H
#define TINYD_LOOP_H

/** Prepares the event loop: `first_client` (or -1) is served from the first byte on. */
void loop_prepare(int first_client);

/** Serves the container until its process has ended, and reads how. */
void loop_run(void);

/** Serves the clients until each of them has taken everything or has left. */
void loop_deliver(void);

#endif
