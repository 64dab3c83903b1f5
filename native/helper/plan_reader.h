#ifndef TINYD_PLAN_READER_H
#define TINYD_PLAN_READER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The encoding of a plan, as packages/runtime/src/plan/encode.ts writes it. Everything is little-endian and
 * starts at a multiple of 4:
 *
 *   u32      4 bytes; booleans and optional parts are a u32 of 0 or 1
 *   u64      8 bytes
 *   string   u32 length, bytes, NUL, padding; no NUL inside
 *   bytes    u32 length, padding to a multiple of 8, bytes, padding
 *   list     u32 count, items
 *
 * Nothing is copied: strings and bytes point into the buffer.
 */

/** Reads forward; `bad` sticks once something did not fit, and all that is read from then on is empty. */
struct plan_reader {
  const uint8_t* start;
  const uint8_t* at;
  const uint8_t* end;
  bool bad;
};

struct plan_bytes {
  uint8_t* data; /* at a multiple of 8 of the buffer */
  uint32_t length;
};

/** A list that was validated; iterate over it with plan_items() and the plan_next_* function of its item. */
struct plan_list {
  const uint8_t* at;
  uint32_t count;
};

uint32_t plan_next_u32(struct plan_reader* reader);
uint64_t plan_next_u64(struct plan_reader* reader);
bool plan_next_bool(struct plan_reader* reader);

/** A u32 below `limit`. */
uint32_t plan_next_below(struct plan_reader* reader, uint32_t limit);

const char* plan_next_string(struct plan_reader* reader);

/** A string or NULL. */
const char* plan_next_optional_string(struct plan_reader* reader);

struct plan_bytes plan_next_bytes(struct plan_reader* reader);

/** Reads a list by walking over its items, so that its end is known and each item is known to be whole. */
#define PLAN_NEXT_LIST(reader, next_item)                                                \
  ({                                                                                     \
    struct plan_list list = {.count = plan_next_u32(reader)};                            \
    list.at = (reader)->at;                                                              \
    for (uint32_t i = 0; i < list.count && !(reader)->bad; i++) (void)next_item(reader); \
    list;                                                                                \
  })

#endif
