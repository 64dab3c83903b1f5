#ifndef TINYD_ATTACH_OUTPUT_H
#define TINYD_ATTACH_OUTPUT_H
#include <stdbool.h>
#include <stdint.h>

/** What the monitor says beside output, and what goes wrong; all but the first end the process. */
struct attach_output_events {
  /** So many bytes more of input may be sent. */
  void (*window)(uint32_t bytes);
  /** The process has ended. */
  void (*ended)(int status);
  /** Neither does the other side go on. */
  void (*failed)(const char* message, const char* detail);
  /** Nobody reads our output any more. */
  void (*unread)(void);
};

/** Prepares for frames that come from a socket; output that is not wanted is thrown away. */
void attach_output_init(int socket, bool wants_stdout, bool wants_stderr,
                        const struct attach_output_events* events);

/** Shows what was received. Returns the descriptor that takes nothing now, or -1: receive more. */
int attach_output_show(void);

/** Takes in what has come. */
void attach_output_receive(void);

#endif
