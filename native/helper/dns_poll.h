#ifndef TINYD_DNS_POLL_H
#define TINYD_DNS_POLL_H
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the parts of the resolver share: one epoll instance of their own, which the monitor's loop sees as a
 * single descriptor, the clock, and the way back to whoever asked.
 */

/** Whose descriptor an event is about; the low half says which one. */
enum dns_part { DNS_UDP, DNS_LISTENER, DNS_TIMER, DNS_CONNECTION, DNS_FORWARD };

/** Registers a descriptor; -1 with errno set on failure. */
int dns_poll_add(int fd, uint32_t events, enum dns_part part, uint32_t which);

/** Changes what a registered descriptor waits for. */
void dns_poll_change(int fd, uint32_t events, enum dns_part part, uint32_t which);

/** Milliseconds of a clock that only goes forward. */
int64_t dns_now(void);

/** Who asked: an address in the container, or a TCP connection that may have ended since. */
struct dns_client {
  bool by_tcp;
  struct sockaddr_in address;
  unsigned connection;
  uint32_t generation;
};

/** Sends an answer; a client that is gone, or does not take it, goes without. */
void dns_reply(const struct dns_client* client, const uint8_t* bytes, size_t length);

/** How long an answer to the client may be. */
size_t dns_reply_limit(const struct dns_client* client, uint16_t udp_bytes);

/** Answers with nothing but a code. */
struct dns_question;
void dns_reply_code_only(const struct dns_client* client, const uint8_t* query,
                         const struct dns_question* question, int code);

/** Reads a message of a client and answers it, now or later. False: it is not answered. */
bool dns_handle(const struct dns_client* client, const uint8_t* message, size_t length);

#endif
