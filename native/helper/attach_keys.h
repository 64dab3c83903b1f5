#ifndef TINYD_ATTACH_KEYS_H
#define TINYD_ATTACH_KEYS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATTACH_KEYS_MOST 32

/** Watches for the detach sequence in what is typed. */
struct attach_keys {
  uint8_t sequence[ATTACH_KEYS_MOST];
  size_t length; /* 0: nothing detaches */
  size_t matched;
};

/** Reads the sequence from hexadecimal digits. False when they are none, or too many. */
bool attach_keys_parse(struct attach_keys* keys, const char* hex);

/**
 * Copies input to `out` (room for `length` + ATTACH_KEYS_MOST) less what may be, or is, the sequence: its
 * beginning is held back until the next key decides. True: the sequence is complete; what came before it is
 * in `out`.
 */
bool attach_keys_filter(struct attach_keys* keys, const uint8_t* in, size_t length, uint8_t* out,
                        size_t* out_length);

#endif
