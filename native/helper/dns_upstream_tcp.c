#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "dns_pending.h"

/** What replies that come by TCP may take all together; the next one fails. */
#define REPLIES_MOST (256u << 10)

static size_t replies;

void dns_tcp_drop(struct dns_pending* pending) {
  if (pending->reply != NULL) replies -= dns_get16(pending->prefix);
  free(pending->reply);
  pending->reply = NULL;
  pending->sent = pending->got = 0;
}

int dns_tcp_ask(struct dns_pending* pending, unsigned server) {
  const union dns_server* to = &pending->servers.all[server];
  socklen_t length = to->any.sa_family == AF_INET ? sizeof to->v4 : sizeof to->v6;
  dns_tcp_drop(pending);
  int fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd == -1) return -1;
  pending->fds[server] = fd;
  if (connect(fd, &to->any, length) == -1 && errno != EINPROGRESS) return -1;
  return dns_poll_add(fd, EPOLLOUT, DNS_FORWARD, dns_pending_which(pending, server));
}

/** Sends what is left of the query and its length. True when all of it is gone, -1 in errno otherwise. */
static bool send_query(struct dns_pending* pending, int fd) {
  uint8_t prefix[2];
  dns_put16(prefix, (uint16_t)pending->length);
  while (pending->sent < sizeof prefix + pending->length) {
    size_t skip = pending->sent < sizeof prefix ? pending->sent : sizeof prefix;
    size_t skip_query = pending->sent - skip;
    struct iovec parts[2] = {{prefix + skip, sizeof prefix - skip},
                             {pending->query + skip_query, pending->length - skip_query}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    if (sent == -1 && errno == EINTR) continue;
    if (sent == -1) return false;
    pending->sent += (size_t)sent;
  }
  return true;
}

/** Makes room for a reply of the announced length; false when there is none to be had. */
static bool make_room(struct dns_pending* pending) {
  size_t length = dns_get16(pending->prefix);
  if (length < DNS_HEADER_BYTES || replies + length > REPLIES_MOST) return false;
  pending->reply = malloc(length);
  if (pending->reply == NULL) return false;
  replies += length;
  return true;
}

/** Receives one piece. 1: the reply is whole; 0: wait for more; -1: there will be no reply. */
static int receive(struct dns_pending* pending, int fd) {
  for (;;) {
    uint8_t* to = pending->prefix + pending->got;
    size_t wanted = sizeof pending->prefix - pending->got;
    if (pending->got >= sizeof pending->prefix) {
      if (pending->reply == NULL && !make_room(pending)) return -1;
      size_t have = pending->got - sizeof pending->prefix;
      to = pending->reply + have;
      wanted = dns_get16(pending->prefix) - have;
    }
    if (wanted == 0) return 1;
    ssize_t got = recv(fd, to, wanted, 0);
    if (got == -1 && errno == EINTR) continue;
    if (got == -1 && errno == EAGAIN) return 0;
    if (got <= 0) return -1;
    pending->got += (size_t)got;
  }
}

void dns_tcp_ready(struct dns_pending* pending, unsigned server) {
  int fd = pending->fds[server];
  if (pending->sent < sizeof pending->prefix + pending->length) {
    if (send_query(pending, fd)) {
      dns_poll_change(fd, EPOLLIN, DNS_FORWARD, dns_pending_which(pending, server));
    } else if (errno != EAGAIN) {
      dns_pending_fail(pending, server);
    }
    return;
  }
  int result = receive(pending, fd);
  if (result == 0) return;
  size_t length = dns_get16(pending->prefix);
  if (result == 1 && dns_pending_answer(pending, server, pending->reply, length)) return;
  dns_pending_fail(pending, server);
}
