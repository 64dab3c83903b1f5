#include "dns_lookup.h"

#include <string.h>
#include <sys/socket.h>

#include "dns_answer.h"
#include "dns_names.h"

/** Adds the addresses of the name asked for, from the `from`-th to the one before `to`. */
static void add_addresses(struct dns_answer* answer, struct text hosts, int family, unsigned from,
                          unsigned to) {
  struct dns_host host;
  unsigned n = 0;
  while (n < to && dns_next_host(&hosts, &host)) {
    if (host.family != family || !dns_host_has_name(&host, answer->question->name)) continue;
    if (n++ >= from) dns_answer_address(answer, family, host.address);
  }
}

/** The family of the addresses that are asked for. */
static int family_of(const struct dns_question* question) {
  if (question->type == DNS_TYPE_A) return AF_INET;
  return question->type == DNS_TYPE_AAAA ? AF_INET6 : AF_UNSPEC;
}

/** True when the lines have the name; counts its addresses of that family. */
static bool find_name(struct text hosts, const char* name, int family, unsigned* count) {
  struct dns_host host;
  bool known = false;
  *count = 0;
  while (dns_next_host(&hosts, &host)) {
    if (!dns_host_has_name(&host, name)) continue;
    known = true;
    if (host.family == family) ++*count;
  }
  return known;
}

static bool find_address(struct text hosts, int family, const uint8_t address[16], struct dns_host* host) {
  size_t length = family == AF_INET ? 4 : 16;
  while (dns_next_host(&hosts, host)) {
    if (host->family == family && memcmp(host->address, address, length) == 0) return true;
  }
  return false;
}

size_t dns_lookup(struct text hosts, const uint8_t* query, const struct dns_question* question, unsigned turn,
                  uint8_t* bytes, size_t limit) {
  struct dns_answer answer;
  struct dns_host host;
  struct text canonical;
  uint8_t address[16];
  unsigned count;
  int family = family_of(question);
  if (question->name[0] == '\0') return 0;
  dns_answer_begin(&answer, bytes, limit, query, question, DNS_NO_ERROR);
  if (find_name(hosts, question->name, family, &count)) {
    // Many take the first address: it is to be a different one each time.
    unsigned first = count > 0 ? turn % count : 0;
    add_addresses(&answer, hosts, family, first, count);
    add_addresses(&answer, hosts, family, 0, first);
    return dns_answer_end(&answer);
  }
  if (question->type != DNS_TYPE_PTR || !dns_reverse_address(question->name, &family, address) ||
      !find_address(hosts, family, address, &host)) {
    return 0;
  }
  if (text_next_word(&host.names, &canonical)) dns_answer_name(&answer, canonical);
  return dns_answer_end(&answer);
}
