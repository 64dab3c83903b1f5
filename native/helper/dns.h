#ifndef TINYD_DNS_H
#define TINYD_DNS_H

/*
 * The resolver of a container on networks of its own: what docker has at 127.0.0.11. It answers for the names
 * of those networks itself and asks the host's servers about all others, from the host's namespace.
 */

/**
 * Takes over the sockets, made in the container's namespace, on which the container's questions come. -1 with
 * errno set on failure: they are the caller's then.
 */
int dns_begin(int udp, int listener);

/** The descriptor that is readable when dns_ready() has something to do; -1: no resolver is wanted. */
int dns_descriptor(void);

/** Handles what has come, but never for long: the container's output waits meanwhile. */
void dns_ready(void);

/** Ends it. The sockets would keep the container's network namespace, with its addresses, alive. */
void dns_end(void);

#endif
