#ifndef TINYD_DNS_LOOKUP_H
#define TINYD_DNS_LOOKUP_H
#include "dns_message.h"
#include "text.h"

/**
 * Writes the answer that lines of hosts(5) give to a question into `bytes`, at most `limit` of them. A name
 * that they have is answered whatever is asked of it; of several addresses the `turn`-th comes first. Returns
 * its length; 0: they do not know, and somebody else may.
 */
size_t dns_lookup(struct text hosts, const uint8_t* query, const struct dns_question* question, unsigned turn,
                  uint8_t* bytes, size_t limit);

#endif
