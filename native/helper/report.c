#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WARNING_BYTES 2048
#define OPERAND_BYTES 1024

struct report_to report_to;

/** Warnings in wire form: u32 length and text, one behind the other. */
static struct {
  uint32_t count;
  size_t length;
  char bytes[WARNING_BYTES];
} warnings;

void fail_because(enum report_stage stage, int error, const char* operand) {
  report_to.failed(stage, error, operand);
}

void fail(enum report_stage stage, const char* operand) {
  fail_because(stage, errno, operand);
}

void warn(const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  report_to.warned(text);
}

void report_keep_warning(const char* text) {
  uint32_t length = (uint32_t)strlen(text);
  if (warnings.length + sizeof length + length > sizeof warnings.bytes) return;
  memcpy(warnings.bytes + warnings.length, &length, sizeof length);
  memcpy(warnings.bytes + warnings.length + sizeof length, text, length);
  warnings.length += sizeof length + length;
  warnings.count++;
}

void report_send(int fd, enum report_stage stage, int error, const char* operand, uint32_t pid) {
  char message[4 * sizeof(uint32_t) + OPERAND_BYTES + sizeof(uint32_t) + WARNING_BYTES];
  uint32_t length = (uint32_t)strnlen(operand, OPERAND_BYTES);
  uint32_t head[] = {stage, (uint32_t)error, pid, length};
  size_t size = 0;
  memcpy(message, head, sizeof head);
  size += sizeof head;
  memcpy(message + size, operand, length);
  size += length;
  memcpy(message + size, &warnings.count, sizeof warnings.count);
  size += sizeof warnings.count;
  memcpy(message + size, warnings.bytes, warnings.length);
  size += warnings.length;
  // One write: at most PIPE_BUF, so that the reader sees all of it or nothing. Nobody reading is no error
  // here.
  while (write(fd, message, size) == -1 && errno == EINTR) continue;
  close(fd);
}
