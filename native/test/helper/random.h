#ifndef TINYD_TEST_RANDOM_H
#define TINYD_TEST_RANDOM_H

/* xorshift64*: small, and the same everywhere for one seed. */

static unsigned long long random_state;

static inline void random_seed(unsigned long long seed) {
  random_state = seed * 2654435761u + 1;
}

static inline unsigned random_below(unsigned limit) {
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return (unsigned)((random_state * 2685821657736338717ull >> 33) % limit);
}

#endif
