#ifndef TINYD_DNS_ZONES_H
#define TINYD_DNS_ZONES_H
#include "text.h"

/*
 * The names of the networks that a container is on. A zone is a folder with a file of hosts(5) for each
 * container; packages/runtime/src/network/dns writes them. It is read again when the folder has changed.
 */

/** Forgets all zones. */
void dns_zones_clear(void);

/** Adds a zone by its folder. Beyond 64 of them nothing is added. */
void dns_zones_add(struct text folder);

/** All lines of the n-th zone as they are now; false: there are no more zones. */
bool dns_zone(unsigned n, struct text* hosts);

#endif
