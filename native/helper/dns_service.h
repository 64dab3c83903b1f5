#ifndef TINYD_DNS_SERVICE_H
#define TINYD_DNS_SERVICE_H
#include <netinet/in.h>

#include "text.h"

/** As many as a resolver of the C library asks (MAXNS of resolv.h). */
#define DNS_MOST_SERVERS 3

union dns_server {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

/** The servers to ask about names that no zone has; none: nobody is asked. */
struct dns_servers {
  unsigned count;
  union dns_server all[DNS_MOST_SERVERS];
};

/** What the file `dns` in the run folder says, as it is now. */
struct dns_service {
  struct dns_servers servers;
  bool keeps_single_labels; /* unknown names without a dot are not asked about */
};

/**
 * Reads what has changed of that file and, where it says so, of the host's resolv.conf; sets the zones.
 * Called before each question: nothing else tells the monitor that a container was connected, or the host
 * moved.
 */
const struct dns_service* dns_service_refresh(int run_dir);

/** Adds the server that a word names, port 53. False when it is no address, or there are enough of them. */
bool dns_servers_add(struct dns_servers* servers, struct text word);

/** Adds the servers of a resolv.conf(5). */
void dns_servers_of_resolv_conf(struct dns_servers* servers, struct text text);

/** Forgets all that was read. */
void dns_service_forget(void);

#endif
