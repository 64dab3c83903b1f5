#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "log_line.h"

#define PART_BYTES (16 * 1024)
#define BATCH_BYTES (64 * 1024)

/** The line of one stream that is not complete yet. */
struct line {
  char* text; /* PART_BYTES, made on first use */
  size_t length;
  bool continued; /* parts of it were written already */
  struct timespec since;
};

static struct {
  int fd;
  const char* path;
  uint64_t size, max_bytes;
  uint32_t max_files;
  struct line lines[LOG_STREAMS];
  struct timespec now; /* when the output that is being added was read */
  size_t batched;
  char batch[BATCH_BYTES];
} log_file = {.fd = -1};

static int open_file(int flags) {
  struct stat info;
  int fd = open(log_file.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0640);
  if (fd == -1) return -1;
  log_file.size = fstat(fd, &info) == 0 ? (uint64_t)info.st_size : 0;
  log_file.fd = fd;
  return 0;
}

int log_open(const char* path, uint64_t max_bytes, uint32_t max_files) {
  log_file.path = strdup(path);  // the plan that names it may be replaced
  if (log_file.path == NULL) return -1;
  log_file.max_bytes = max_bytes;
  log_file.max_files = max_files;
  return open_file(0);
}

static void write_batch(void) {
  if (log_file.batched == 0 || log_file.fd == -1) return;
  if (write_all(log_file.fd, log_file.batch, log_file.batched) == 0) {
    log_file.size += log_file.batched;
  } else {
    // A full disk: no torn line stays, and the container goes on (as docker's does).
    if (ftruncate(log_file.fd, (off_t)log_file.size) == -1) log_file.size += log_file.batched;
  }
  log_file.batched = 0;
}

static void rotate(void) {
  char older[PATH_MAX], newer[PATH_MAX];
  write_batch();
  close(log_file.fd);
  log_file.fd = -1;
  for (uint32_t n = log_file.max_files - 1; log_file.max_files > 1 && n >= 1; n--) {
    snprintf(older, sizeof older, "%s.%u", log_file.path, n);
    snprintf(newer, sizeof newer, n == 1 ? "%s" : "%s.%u", log_file.path, n - 1);
    rename(newer, older);
  }
  open_file(log_file.max_files > 1 ? 0 : O_TRUNC);
}

/** Adds one entry to the batch. */
static void write_entry(enum log_stream stream, const char* text, size_t length, bool newline,
                        const struct timespec* time) {
  bool full = log_file.max_bytes > 0 && log_file.size + log_file.batched >= log_file.max_bytes;
  if (full) rotate();
  size_t needed = LOG_LINE_OVERHEAD + length * LOG_LINE_GROWTH;
  if (log_file.batched + needed > BATCH_BYTES) write_batch();
  if (needed <= BATCH_BYTES) {
    log_file.batched +=
        log_line_format(log_file.batch + log_file.batched, stream == LOG_STDERR, text, length, newline, time);
    return;
  }
  // Only a long part that might need escapes throughout comes here.
  char* alone = malloc(needed);
  if (alone == NULL) return;
  size_t size = log_line_format(alone, stream == LOG_STDERR, text, length, newline, time);
  if (log_file.fd != -1 && write_all(log_file.fd, alone, size) == 0) {
    log_file.size += size;
  } else if (log_file.fd != -1 && ftruncate(log_file.fd, (off_t)log_file.size) == -1) {
    log_file.size += size;
  }
  free(alone);
}

/** Ends the current line of a stream. */
static void end_line(enum log_stream stream, const char* rest, size_t length) {
  struct line* line = &log_file.lines[stream];
  const struct timespec* time = line->continued ? &line->since : &log_file.now;
  if (line->length == 0) {
    write_entry(stream, rest, length, true, time);
  } else {
    memcpy(line->text + line->length, rest, length);
    write_entry(stream, line->text, line->length + length, true, time);
  }
  line->length = 0;
  line->continued = false;
}

/** Writes what there is of a line as a part; all parts of a line bear the time of the first. */
static void write_part(enum log_stream stream, const char* text, size_t length) {
  struct line* line = &log_file.lines[stream];
  if (!line->continued) line->since = log_file.now;
  write_entry(stream, text, length, false, &line->since);
  line->continued = true;
  line->length = 0;
}

/** Keeps the beginning of a line; a part is written whenever PART_BYTES of it are there. */
static void keep(enum log_stream stream, const char* data, size_t length) {
  struct line* line = &log_file.lines[stream];
  if (length == 0) return;
  if (line->text == NULL) line->text = malloc(PART_BYTES);
  if (line->text == NULL) return write_part(stream, data, length);
  memcpy(line->text + line->length, data, length);
  line->length += length;
  if (line->length == PART_BYTES) write_part(stream, line->text, line->length);
}

void log_append(enum log_stream stream, const char* data, size_t length) {
  if (log_file.path == NULL) return;
  clock_gettime(CLOCK_REALTIME, &log_file.now);
  while (length > 0) {
    size_t room = PART_BYTES - log_file.lines[stream].length;
    size_t span = length < room ? length : room;
    const char* newline = memchr(data, '\n', span);
    if (newline != NULL) {
      span = (size_t)(newline - data);
      end_line(stream, data, span);
      span++;
    } else {
      keep(stream, data, span);
    }
    data += span;
    length -= span;
  }
  write_batch();
}

void log_finish(void) {
  if (log_file.path == NULL) return;
  clock_gettime(CLOCK_REALTIME, &log_file.now);
  for (int stream = 0; stream < LOG_STREAMS; stream++) {
    struct line* line = &log_file.lines[stream];
    if (line->length > 0) write_part((enum log_stream)stream, line->text, line->length);
  }
  write_batch();
}
