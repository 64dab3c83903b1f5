#ifndef TINYD_DNS_ANSWER_H
#define TINYD_DNS_ANSWER_H
#include "dns_message.h"
#include "text.h"

/** An answer that is being written. Records that do not fit are left out, and it says so (TC). */
struct dns_answer {
  uint8_t* bytes;
  size_t limit;
  size_t length;
  uint16_t count;
  bool truncated;
  uint8_t upper_code;
  const struct dns_question* question;
};

/**
 * Begins the answer to a query in `bytes`, which has room for `limit` of them, at least DNS_PLAIN_BYTES. It
 * repeats the query's ID, its question and whether it knows EDNS.
 */
void dns_answer_begin(struct dns_answer* answer, uint8_t* bytes, size_t limit, const uint8_t* query,
                      const struct dns_question* question, enum dns_code code);

/** Adds an address of the name asked for; `family` is AF_INET or AF_INET6. */
void dns_answer_address(struct dns_answer* answer, int family, const uint8_t* address);

/** Adds a name that the address asked for has. One that is no host name is left out. */
void dns_answer_name(struct dns_answer* answer, struct text name);

/** Finishes it and gives its length. */
size_t dns_answer_end(struct dns_answer* answer);

#endif
