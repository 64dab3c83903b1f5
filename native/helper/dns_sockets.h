#ifndef TINYD_DNS_SOCKETS_H
#define TINYD_DNS_SOCKETS_H
#include "process.h"

/**
 * Inside the container's network namespace: leads the resolver's address to a port of ours, opens the sockets
 * there, and hands them to the monitor. Without a resolver in the plan nothing happens.
 */
void dns_sockets_hand_over(const struct process_start* start);

#endif
