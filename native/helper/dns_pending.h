#ifndef TINYD_DNS_PENDING_H
#define TINYD_DNS_PENDING_H
#include "dns_forward.h"

/** A question on its way. */
struct dns_pending {
  uint8_t* query; /* with our ID; NULL: this place is free */
  size_t length;
  uint16_t client_id;
  struct dns_client client;
  struct dns_servers servers;
  int fds[DNS_MOST_SERVERS]; /* -1: not asked, or done with */
  bool failed[DNS_MOST_SERVERS];
  unsigned turn; /* counts through the servers */
  int64_t since;
  int64_t next_at; /* when to ask the next one */

  /* by TCP only, with one server at a time */
  size_t sent;
  uint8_t prefix[2]; /* the length of the reply */
  uint8_t* reply;
  size_t got;
};

/** The number by which the event loop knows the socket to a server. */
uint32_t dns_pending_which(const struct dns_pending* pending, unsigned server);

/** The server has answered. False when that is no reply to the question. */
bool dns_pending_answer(struct dns_pending* pending, unsigned server, uint8_t* reply, size_t length);

/** The server cannot be asked, or has said that it cannot answer: the next one. Closes the socket. */
void dns_pending_fail(struct dns_pending* pending, unsigned server);

/** Asks a server by UDP, a first time or again. -1 when it cannot be. */
int dns_udp_ask(struct dns_pending* pending, unsigned server);
void dns_udp_ready(struct dns_pending* pending, unsigned server);

/** Asks a server by TCP, on a new connection (RFC 7766). -1 when it cannot be. */
int dns_tcp_ask(struct dns_pending* pending, unsigned server);
void dns_tcp_ready(struct dns_pending* pending, unsigned server);

/** Lets go of what was received by TCP. */
void dns_tcp_drop(struct dns_pending* pending);

#endif
