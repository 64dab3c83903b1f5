#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns_pending.h"

static socklen_t address_length(const union dns_server* server) {
  return server->any.sa_family == AF_INET ? sizeof server->v4 : sizeof server->v6;
}

/** A socket that hears this server only, from a port that the kernel picks at random. */
static int open_socket(const struct dns_pending* pending, unsigned server) {
  const union dns_server* to = &pending->servers.all[server];
  int fd = socket(to->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd == -1) return -1;
  if (connect(fd, &to->any, address_length(to)) == 0 &&
      dns_poll_add(fd, EPOLLIN, DNS_FORWARD, dns_pending_which(pending, server)) == 0) {
    return fd;
  }
  close(fd);
  return -1;
}

int dns_udp_ask(struct dns_pending* pending, unsigned server) {
  if (pending->fds[server] == -1) pending->fds[server] = open_socket(pending, server);
  if (pending->fds[server] == -1) return -1;
  ssize_t sent = send(pending->fds[server], pending->query, pending->length, MSG_NOSIGNAL);
  return sent == (ssize_t)pending->length || errno == EAGAIN ? 0 : -1;
}

void dns_udp_ready(struct dns_pending* pending, unsigned server) {
  static uint8_t reply[DNS_MOST_BYTES];
  // A reply that is none is passed over: the socket goes on waiting for the right one.
  for (;;) {
    ssize_t got = recv(pending->fds[server], reply, sizeof reply, 0);
    if (got == -1 && (errno == EAGAIN || errno == EINTR)) return;
    if (got == -1) return dns_pending_fail(pending, server);  // ECONNREFUSED: nobody is there
    if (dns_pending_answer(pending, server, reply, (size_t)got)) return;
  }
}
