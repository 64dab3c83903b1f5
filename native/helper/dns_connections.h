#ifndef TINYD_DNS_CONNECTIONS_H
#define TINYD_DNS_CONNECTIONS_H
#include "dns_poll.h"

/*
 * Clients that ask by TCP (RFC 7766): at most 16, the others wait to be accepted. Each may send question
 * after question without waiting for answers, which come in the order in which they are known; one that does
 * not take its answers is not asked for more.
 */

/** Accepts whom there is room for. */
void dns_connections_accept(int listener);

/** Handles readiness of a connection. */
void dns_connection_ready(uint32_t which, uint32_t events);

/** Sends an answer, or keeps what the connection does not take yet. */
void dns_connection_reply(const struct dns_client* client, const uint8_t* bytes, size_t length);

/** Goes on with what waits: called after each round of events. */
void dns_connections_update(int listener);

/** Closes those that have been silent for too long. */
void dns_connections_tick(void);

bool dns_connections_present(void);

void dns_connections_end(void);

#endif
