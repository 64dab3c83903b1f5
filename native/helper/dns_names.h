#ifndef TINYD_DNS_NAMES_H
#define TINYD_DNS_NAMES_H
#include <stdint.h>

#include "text.h"

/** A line of hosts(5): an address and its names, the canonical one first. */
struct dns_host {
  int family; /* AF_INET, AF_INET6 */
  uint8_t address[16];
  struct text names;
};

/** Takes the next line off `hosts`; lines without an address or a name are passed over. */
bool dns_next_host(struct text* hosts, struct dns_host* host);

/** True when the host has this name, given in lower case. */
bool dns_host_has_name(const struct dns_host* host, const char* name);

/** Reads `4.3.2.1.in-addr.arpa`, or 32 digits and `.ip6.arpa` (RFC 3596, section 2.5). False for another
 * name. */
bool dns_reverse_address(const char* name, int* family, uint8_t address[16]);

#endif
