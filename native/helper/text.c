#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/** More than the coarsest clock that a file system takes its time from. */
#define SETTLING_MS 100

bool text_next_line(struct text* text, struct text* line) {
  if (text->at == text->end) return false;
  const char* newline = memchr(text->at, '\n', text_length(*text));
  const char* end = newline != NULL ? newline : text->end;
  const char* comment = memchr(text->at, '#', (size_t)(end - text->at));
  *line = (struct text){text->at, comment != NULL ? comment : end};
  text->at = newline != NULL ? newline + 1 : text->end;
  return true;
}

static bool is_blank(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\r';
}

bool text_next_word(struct text* line, struct text* word) {
  while (line->at < line->end && is_blank(*line->at)) line->at++;
  word->at = line->at;
  while (line->at < line->end && !is_blank(*line->at)) line->at++;
  word->end = line->at;
  return word->at < word->end;
}

size_t text_length(struct text text) {
  return (size_t)(text.end - text.at);
}

bool text_is(struct text text, const char* other) {
  size_t length = strlen(other);
  return text_length(text) == length && memcmp(text.at, other, length) == 0;
}

static bool is_same(const struct stat* a, const struct stat* b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
         a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/** Long enough ago that a change from now on gets another time. */
static bool is_past(struct timespec then) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  long long ms = (long long)(now.tv_sec - then.tv_sec) * 1000 + (now.tv_nsec - then.tv_nsec) / 1000000;
  return ms > SETTLING_MS;
}

bool file_stamp_renew(struct file_stamp* stamp, const struct stat* now) {
  if (stamp->settled && is_same(&stamp->seen, now)) return false;
  stamp->seen = *now;
  stamp->settled = is_past(now->st_mtim);
  return true;
}

/** Reads up to `size` bytes; -1 on failure. */
static ssize_t read_whole(int dir, const char* path, char* bytes, size_t size) {
  int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd == -1) return -1;
  size_t length = 0;
  while (length < size) {
    ssize_t got = read(fd, bytes + length, size - length);
    if (got == -1 && errno == EINTR) continue;
    if (got <= 0) break;
    length += (size_t)got;
  }
  close(fd);
  return (ssize_t)length;
}

bool text_file_refresh(struct text_file* file, int dir, const char* path, size_t most) {
  struct stat now = {0};
  bool usable = fstatat(dir, path, &now, 0) == 0 && S_ISREG(now.st_mode) && (size_t)now.st_size <= most;
  if (!file_stamp_renew(&file->stamp, &now)) return false;
  free(file->bytes);
  file->bytes = NULL;
  file->length = 0;
  if (!usable || now.st_size == 0) return true;
  file->bytes = malloc((size_t)now.st_size);
  ssize_t got = file->bytes == NULL ? -1 : read_whole(dir, path, file->bytes, (size_t)now.st_size);
  // What could not be read is tried again by the next one who asks.
  if (got == -1) file->stamp.settled = false;
  file->length = got == -1 ? 0 : (size_t)got;
  return true;
}

struct text text_of(const struct text_file* file) {
  return file->bytes == NULL ? (struct text){"", ""} : (struct text){file->bytes, file->bytes + file->length};
}
