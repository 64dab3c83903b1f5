#ifndef TINYD_DNS_MESSAGE_H
#define TINYD_DNS_MESSAGE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Messages of the domain name system (RFC 1035, section 4; EDNS: RFC 6891). Questions come from a container,
 * answers from the network: both are read as hostile.
 */

#define DNS_HEADER_BYTES 12
/** What an answer by UDP may have without EDNS. */
#define DNS_PLAIN_BYTES 512
#define DNS_MOST_BYTES 65535
/** The longest message with a question that is taken: nothing longer crosses all networks in one piece. */
#define DNS_QUERY_BYTES 1232

enum dns_type { DNS_TYPE_A = 1, DNS_TYPE_PTR = 12, DNS_TYPE_AAAA = 28, DNS_TYPE_OPT = 41 };

enum dns_code {
  DNS_NO_ERROR = 0,
  DNS_FORMAT_ERROR = 1,
  DNS_SERVER_FAILURE = 2,
  DNS_NOT_IMPLEMENTED = 4,
  DNS_REFUSED = 5,
  DNS_BAD_VERSION = 16,
  DNS_IGNORE = -1, /* nothing to answer to */
};

struct dns_question {
  uint16_t id;
  uint16_t flags;
  uint16_t type;
  uint16_t class;
  /** In lower case, its labels joined by dots, none at the end. Empty: a name that no hosts file could hold.
   */
  char name[256];
  size_t end; /* where the question ends in the message; 0: there is none to repeat */
  bool has_edns;
  bool dnssec_ok;
  uint16_t udp_bytes; /* what the asker takes by UDP */
};

/**
 * Reads a message that should be a question. Anything but DNS_NO_ERROR is what to answer to it, with as much
 * of `question` as could be read.
 */
enum dns_code dns_read_question(const uint8_t* message, size_t length, struct dns_question* question);

/** True when `reply` is one to the query, whose question that is: same ID, same question. */
bool dns_is_reply(const uint8_t* reply, size_t length, const uint8_t* query,
                  const struct dns_question* question);

/** The code of a reply; its upper bits (EDNS) are not looked at. */
enum dns_code dns_reply_code(const uint8_t* reply);

uint16_t dns_get16(const uint8_t* at);
void dns_put16(uint8_t* at, uint16_t value);
void dns_put32(uint8_t* at, uint32_t value);

#endif
