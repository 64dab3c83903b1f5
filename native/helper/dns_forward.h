#ifndef TINYD_DNS_FORWARD_H
#define TINYD_DNS_FORWARD_H
#include "dns_message.h"
#include "dns_poll.h"
#include "dns_service.h"

/*
 * Questions that wait for an answer of a server outside: at most 256, the oldest gives way. Each has sockets
 * of its own, connected to the servers that were configured when it came, from ports that the kernel picks,
 * with an ID of its own: nobody else can answer, and the container cannot have anybody else asked.
 */

/** Asks the servers, and answers the client when one of them has. By TCP if the client came so. */
void dns_forward(const struct dns_client* client, const uint8_t* query, size_t length,
                 const struct dns_question* question, const struct dns_servers* servers);

/** Handles readiness of a socket. */
void dns_forward_ready(uint32_t which, uint32_t events);

/** Goes on with those who have waited long enough; called every so often while dns_forward_waits(). */
void dns_forward_tick(void);

bool dns_forward_waits(void);

/** Gives all of it up, answering nobody. */
void dns_forward_end(void);

#endif
