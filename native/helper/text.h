#ifndef TINYD_TEXT_H
#define TINYD_TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/** A piece of text that nothing terminates. */
struct text {
  const char* at;
  const char* end;
};

/** Takes the next line off `text`: without its newline, and without a comment (from # on). */
bool text_next_line(struct text* text, struct text* line);

/** Takes the next word off `line`; blanks are spaces, tabs and carriage returns. */
bool text_next_word(struct text* line, struct text* word);

size_t text_length(struct text text);

/** Compares with a C string, byte by byte. */
bool text_is(struct text text, const char* other);

/**
 * When a file or folder was last looked at. Time stamps are coarse: what was changed just before it was read
 * may be changed again without a new one, so such a stamp counts for nothing.
 */
struct file_stamp {
  struct stat seen;
  bool settled;
};

/** True when a file that is `now` so may differ from the one that was read last; remembers it. */
bool file_stamp_renew(struct file_stamp* stamp, const struct stat* now);

/** A small text file in memory; all zero in the beginning. */
struct text_file {
  struct file_stamp stamp;
  char* bytes;
  size_t length;
};

/**
 * Reads a file again if it has changed. A file that is not there, is no regular file or is longer than `most`
 * bytes is as an empty one. True when it was read.
 */
bool text_file_refresh(struct text_file* file, int dir, const char* path, size_t most);

struct text text_of(const struct text_file* file);

#endif
