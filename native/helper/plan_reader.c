#include "plan_reader.h"

#include <string.h>

static size_t bytes_left(const struct plan_reader* reader) {
  return (size_t)(reader->end - reader->at);
}

/** The next `length` bytes, or NULL. `length` is compared with what is left before anything is added to a
 * pointer. */
static const uint8_t* take(struct plan_reader* reader, size_t length) {
  if (reader->bad || length > bytes_left(reader)) {
    reader->bad = true;
    return NULL;
  }
  const uint8_t* taken = reader->at;
  reader->at += length;
  return taken;
}

static void align(struct plan_reader* reader, size_t to) {
  size_t beyond = (size_t)(reader->at - reader->start) % to;
  if (beyond != 0) take(reader, to - beyond);
}

uint32_t plan_next_u32(struct plan_reader* reader) {
  uint32_t value = 0;
  const uint8_t* taken = take(reader, sizeof value);
  if (taken != NULL) memcpy(&value, taken, sizeof value);
  return value;
}

uint64_t plan_next_u64(struct plan_reader* reader) {
  uint64_t value = 0;
  const uint8_t* taken = take(reader, sizeof value);
  if (taken != NULL) memcpy(&value, taken, sizeof value);
  return value;
}

uint32_t plan_next_below(struct plan_reader* reader, uint32_t limit) {
  uint32_t value = plan_next_u32(reader);
  if (value < limit) return value;
  reader->bad = true;
  return 0;
}

bool plan_next_bool(struct plan_reader* reader) {
  return plan_next_below(reader, 2) == 1;
}

const char* plan_next_string(struct plan_reader* reader) {
  uint32_t length = plan_next_u32(reader);
  const uint8_t* taken = take(reader, length);
  const uint8_t* end = take(reader, 1);
  align(reader, 4);
  if (reader->bad || *end != '\0' || memchr(taken, '\0', length) != NULL) {
    reader->bad = true;
    return "";
  }
  return (const char*)taken;
}

const char* plan_next_optional_string(struct plan_reader* reader) {
  return plan_next_bool(reader) ? plan_next_string(reader) : NULL;
}

struct plan_bytes plan_next_bytes(struct plan_reader* reader) {
  uint32_t length = plan_next_u32(reader);
  align(reader, 8);
  const uint8_t* taken = take(reader, length);
  align(reader, 4);
  if (reader->bad) return (struct plan_bytes){NULL, 0};
  return (struct plan_bytes){(uint8_t*)taken, length};
}
