#ifndef TINYD_LOG_LINE_H
#define TINYD_LOG_LINE_H
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/** A formatted line takes at most LOG_LINE_OVERHEAD + LOG_LINE_GROWTH * length bytes. */
#define LOG_LINE_OVERHEAD 128
#define LOG_LINE_GROWTH 6

/** An escaped string takes at most JSON_GROWTH * length bytes. */
#define JSON_GROWTH 6

/**
 * Writes {"log":"…","stream":"…","time":"…"} and a newline, as docker's json-file driver does: control
 * characters and
 * <, >, & as \u00XX, U+2028 and U+2029 escaped, each byte that is no UTF-8 as \ufffd; time in RFC 3339 with
 * nanoseconds, UTC. `newline` adds \n to the text. Returns the length.
 */
size_t log_line_format(char* out, bool is_stderr, const char* text, size_t length, bool newline,
                       const struct timespec* time);

/** Writes the inside of a JSON string, escaped as log_line_format() does; no NUL behind it. Returns the
 * length. */
size_t json_escape(char* out, const char* text, size_t length);

/** RFC 3339 with nanoseconds, trailing zeros dropped, UTC; at most 31 bytes with the NUL. Returns the length.
 */
size_t log_time_format(char* out, const struct timespec* time);

#endif
