#ifndef TINYD_LOG_H
#define TINYD_LOG_H
#include <stddef.h>
#include <stdint.h>

/*
 * The container's log in docker's json-file form: one line of JSON per line of output, a line longer than 16
 * KiB in parts of that size without a newline. When the file has reached its size it becomes FILE.1, that one
 * FILE.2, and so on; of `max_files` the oldest is dropped.
 */

enum log_stream { LOG_STDOUT, LOG_STDERR, LOG_STREAMS };

/** Opens the log for appending. -1 with errno set on failure. */
int log_open(const char* path, uint64_t max_bytes, uint32_t max_files);

/** Takes a piece of output. What is no whole line yet is kept until the rest of it comes. */
void log_append(enum log_stream stream, const char* data, size_t length);

/** Writes what is still kept, at the end. */
void log_finish(void);

#endif
