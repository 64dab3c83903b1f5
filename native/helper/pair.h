#ifndef TINYD_PAIR_H
#define TINYD_PAIR_H
#include <stddef.h>
#include <sys/types.h>

/** Sends bytes, and two descriptors with them (SCM_RIGHTS, unix(7)). As send(2). */
ssize_t pair_send(int fd, const void* bytes, size_t length, const int pair[2]);

/**
 * Receives bytes, and the two descriptors that came with them, close-on-exec, or -1 twice. Any other number
 * of descriptors is closed. As recv(2).
 */
ssize_t pair_receive(int fd, void* bytes, size_t size, int flags, int pair[2]);

#endif
