#ifndef TINYD_FILES_H
#define TINYD_FILES_H
#include <stddef.h>
#include <sys/types.h>

/** Writes `value` in one write(2) to an existing file. -1 with errno set on failure. */
int write_value(int dir, const char* path, const char* value);

/** Reads a small file whole, NUL-terminated, its last newline cut off. Length, or -1 with errno set. */
ssize_t read_value(int dir, const char* path, char* value, size_t size);

/** All of a buffer to a blocking descriptor. -1 with errno set on failure. */
int write_all(int fd, const void* data, size_t length);

/** The host's /dev/null, checked to be that device (character device 1:3). -1 with errno set (ENXIO:
 * something else). */
int open_null(int flags);

#endif
