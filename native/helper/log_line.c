#include "log_line.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/** Length of the UTF-8 sequence at `text`; 0 when there is none (the rules of Unicode's table 3-7). */
static size_t sequence_length(const uint8_t* text, size_t left) {
  uint8_t first = text[0];
  if (first < 0xc2 || first > 0xf4) return 0;
  size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (left < length) return 0;
  uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (text[1] < low || text[1] > high) return 0;
  for (size_t i = 2; i < length; i++) {
    if ((text[i] & 0xc0) != 0x80) return 0;
  }
  return length;
}

static char* put(char* out, const char* text, size_t length) {
  memcpy(out, text, length);
  return out + length;
}

/** Bytes that go as they are: printable ASCII (and DEL) but for the few that JSON or HTML take for something
 * else. */
static bool is_plain(uint8_t byte) {
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\' && byte != '<' && byte != '>' &&
         byte != '&';
}

/** As many bytes as the processor compares at once. */
typedef uint8_t block __attribute__((vector_size(16)));

/** How many bytes from the start go as they are. */
static size_t plain_length(const uint8_t* text, size_t length) {
  size_t at = 0;
  for (; at + sizeof(block) <= length; at += sizeof(block)) {
    block bytes;
    memcpy(&bytes, text + at, sizeof bytes);
    block special = (block)(bytes < 0x20) | (block)(bytes >= 0x80) | (block)(bytes == '"') |
                    (block)(bytes == '\\') | (block)(bytes == '<') | (block)(bytes == '>') |
                    (block)(bytes == '&');
    uint64_t halves[2];
    memcpy(halves, &special, sizeof halves);
    if ((halves[0] | halves[1]) != 0) break;
  }
  while (at < length && is_plain(text[at])) at++;
  return at;
}

static char* put_ascii(char* out, uint8_t byte) {
  static const char digits[] = "0123456789abcdef";
  switch (byte) {
    case '"':
    case '\\':
      *out++ = '\\';
      *out++ = (char)byte;
      return out;
    case '\n':
      return put(out, "\\n", 2);
    case '\r':
      return put(out, "\\r", 2);
    default:
      out = put(out, "\\u00", 4);
      *out++ = digits[byte >> 4];
      *out++ = digits[byte & 15];
      return out;
  }
}

static char* put_text(char* out, const uint8_t* text, size_t length) {
  for (size_t at = 0; at < length;) {
    size_t plain = plain_length(text + at, length - at);
    out = put(out, (const char*)text + at, plain);
    at += plain;
    if (at == length) break;
    if (text[at] < 0x80) {
      out = put_ascii(out, text[at++]);
      continue;
    }
    size_t sequence = sequence_length(text + at, length - at);
    bool separator =
        sequence == 3 && text[at] == 0xe2 && text[at + 1] == 0x80 && (text[at + 2] & 0xfe) == 0xa8;
    if (sequence == 0) {
      out = put(out, "\\ufffd", 6);
      at++;
    } else if (separator) {
      out = put(out, text[at + 2] == 0xa8 ? "\\u2028" : "\\u2029", 6);
      at += sequence;
    } else {
      out = put(out, (const char*)text + at, sequence);
      at += sequence;
    }
  }
  return out;
}

size_t json_escape(char* out, const char* text, size_t length) {
  return (size_t)(put_text(out, (const uint8_t*)text, length) - out);
}

size_t log_time_format(char* out, const struct timespec* time) {
  // The date and the time of day change once a second, the calls come a million times a second, and those for
  // the lines of one piece of output have the same time.
  static time_t second = -1;
  static char day[24];
  static struct timespec last;
  static char text[32];
  static size_t known;
  if (known > 0 && time->tv_sec == last.tv_sec && time->tv_nsec == last.tv_nsec) {
    memcpy(out, text, known + 1);
    return known;
  }
  if (time->tv_sec != second || second == -1) {
    struct tm parts;
    second = time->tv_sec;
    gmtime_r(&second, &parts);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &parts);
  }
  size_t length = strlen(day);
  memcpy(out, day, length);
  long fraction = time->tv_nsec;
  if (fraction > 0) {
    int digits = 9;
    for (; fraction % 10 == 0; digits--) fraction /= 10;
    out[length] = '.';
    for (int i = digits; i > 0; i--, fraction /= 10) out[length + (size_t)i] = (char)('0' + fraction % 10);
    length += (size_t)digits + 1;
  }
  out[length++] = 'Z';
  out[length] = '\0';
  last = *time;
  known = length;
  memcpy(text, out, length + 1);
  return length;
}

size_t log_line_format(char* out, bool is_stderr, const char* text, size_t length, bool newline,
                       const struct timespec* time) {
  char* at = put(out, "{\"log\":\"", 8);
  at = put_text(at, (const uint8_t*)text, length);
  if (newline) at = put(at, "\\n", 2);
  at = put(at, is_stderr ? "\",\"stream\":\"stderr\",\"time\":\"" : "\",\"stream\":\"stdout\",\"time\":\"",
           28);
  at += log_time_format(at, time);
  at = put(at, "\"}\n", 3);
  return (size_t)(at - out);
}
