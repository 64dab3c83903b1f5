#include "attach_keys.h"

#include <string.h>

static int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool attach_keys_parse(struct attach_keys* keys, const char* hex) {
  size_t digits = strlen(hex);
  if (digits % 2 != 0 || digits / 2 > ATTACH_KEYS_MOST) return false;
  for (size_t i = 0; i < digits / 2; i++) {
    int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    keys->sequence[i] = (uint8_t)(high * 16 + low);
  }
  keys->length = digits / 2;
  return true;
}

/** The longest beginning of the sequence that ends what was matched so far plus this key. */
static size_t advance(struct attach_keys* keys, uint8_t key, uint8_t* out, size_t* out_length) {
  uint8_t held[ATTACH_KEYS_MOST];
  size_t count = keys->matched;
  memcpy(held, keys->sequence, count);
  held[count++] = key;
  for (size_t skip = 0;; skip++) {
    if (memcmp(held + skip, keys->sequence, count - skip) == 0) {
      memcpy(out + *out_length, held, skip);
      *out_length += skip;
      return count - skip;
    }
  }
}

bool attach_keys_filter(struct attach_keys* keys, const uint8_t* in, size_t length, uint8_t* out,
                        size_t* out_length) {
  *out_length = 0;
  if (keys->length == 0) {
    memcpy(out, in, length);
    *out_length = length;
    return false;
  }
  for (size_t i = 0; i < length; i++) {
    keys->matched = advance(keys, in[i], out, out_length);
    if (keys->matched == keys->length) return true;
  }
  return false;
}
