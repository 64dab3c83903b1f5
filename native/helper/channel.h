#ifndef TINYD_CHANNEL_H
#define TINYD_CHANNEL_H
#include <stdbool.h>
#include <stdint.h>

#include "report.h"

/*
 * What the monitor and the process it starts tell each other until the program runs. A seqpacket pair,
 * close-on-exec: its end on the monitor's side means that the program was executed, or that the process died.
 */

enum channel_kind {
  CHANNEL_CLOSED,        /* end of file */
  CHANNEL_FAILED,        /* stage, error, text; the sender ends */
  CHANNEL_WARNING,       /* text */
  CHANNEL_TERMINAL,      /* two descriptors: the pty's master and slave */
  CHANNEL_FORKED,        /* value: host PID of the process to watch (join) */
  CHANNEL_EXECUTING,     /* all that remains is to execute the program */
  CHANNEL_RESOLVER,      /* two descriptors: UDP and listening TCP socket of the container's resolver */
  CHANNEL_NETWORK_READY, /* monitor to child: the host's side of the network is done */
};

struct channel_message {
  uint32_t kind;
  uint32_t stage;
  int32_t error;
  int32_t value;
  char text[1024];
};

/** Creates the pair: ends[0] for the monitor, ends[1] for the child. -1 with errno set on failure. */
int channel_open(int ends[2]);

/** Makes fail() and warn() of this process speak to the monitor. */
void channel_report_to(int fd);

/** Sends a message without text. The other side being gone is not noticed here. */
void channel_send(int fd, enum channel_kind kind, int32_t value);

/** Sends two descriptors, as the kind of message says. -1 with errno set on failure. */
int channel_send_pair(int fd, enum channel_kind kind, int first, int second);

/** Waits for the next message. `fds` receives the descriptors of a message that has them. */
void channel_receive(int fd, struct channel_message* message, int fds[2]);

/** Looks, without waiting, whether the other side has failed already. */
bool channel_has_failure(int fd, struct channel_message* message);

#endif
