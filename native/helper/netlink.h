#ifndef TINYD_NETLINK_H
#define TINYD_NETLINK_H
#include <stddef.h>
#ifdef __cplusplus
extern "C" {
#endif

/** Why the kernel refused a message. */
struct netlink_error {
  /** Which of the messages sent, from 0; -1 when it was none of them. */
  int message_index;
  /** The kernel's own explanation (extended acknowledgement); empty when it gave none. */
  char text[160];
};

/** A netlink socket, close-on-exec, with extended acknowledgements on. -1 with errno set on failure. */
int netlink_open(int protocol);

/**
 * Sends netlink messages as one datagram and reads all answers to them.
 *
 * The sequence number of message i is set to i + 1. Every message that asks for an acknowledgement is waited
 * for, and dumps are read to their end. `receive` (may be NULL) gets each answer that carries data, header
 * included. Returns -1 with errno set when the kernel refused a message: the first refused one is in `error`.
 */
int netlink_exchange(int fd, void* messages, size_t length,
                     void (*receive)(void* to, const void* message, size_t length), void* to,
                     struct netlink_error* error);

#ifdef __cplusplus
}
#endif
#endif
