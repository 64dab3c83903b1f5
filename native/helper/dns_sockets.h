#ifndef TINYD_DNS_SOCKETS_H
#define TINYD_DNS_SOCKETS_H
#include "process.h"

/*
 * Inside the container's network namespace: the resolver's address is led to a port of ours, the sockets are
 * opened there, and the monitor takes them over. Without a resolver in the plan nothing happens.
 */

/** For a container that starts: by the channel. */
void dns_sockets_hand_over(const struct process_start* start);

/** For one that runs already: by the monitor's socket in the run folder. */
void dns_sockets_deliver(const struct plan* plan);

#endif
