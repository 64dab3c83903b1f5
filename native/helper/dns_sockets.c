#include "dns_sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"
#include "netns.h"
#include "report.h"

#define BACKLOG 128
/** Room for some hundred questions at once; the kernel gives what it allows. */
#define DATAGRAMS_BYTES (1 << 20)
/** A connection takes its buffers from the listener. They are not the container's memory, so they are small.
 */
#define CONNECTION_RECEIVE_BYTES (8 << 10)
#define CONNECTION_SEND_BYTES (64 << 10)

static void limit_buffers(int fd, int type) {
  int receive = type == SOCK_DGRAM ? DATAGRAMS_BYTES : CONNECTION_RECEIVE_BYTES, send = CONNECTION_SEND_BYTES;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof receive);
  if (type == SOCK_STREAM) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send, sizeof send);
}

static int open_socket(int type, const struct sockaddr_in* address) {
  int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd == -1) return -1;
  limit_buffers(fd, type);
  if (bind(fd, (const struct sockaddr*)address, sizeof *address) == 0 &&
      (type == SOCK_DGRAM || listen(fd, BACKLOG) == 0)) {
    return fd;
  }
  int reason = errno;
  close(fd);
  errno = reason;
  return -1;
}

void dns_sockets_hand_over(const struct process_start* start) {
  const struct plan_network* network = &start->plan->session.network;
  if (!start->plan->session.has_network || !network->has_dns) return;
  char operand[64];
  snprintf(operand, sizeof operand, "resolver %.32s:%u", network->dns_address, network->dns_port);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)network->dns_port)};
  if (inet_pton(AF_INET, network->dns_address, &address.sin_addr) != 1) {
    fail_because(STAGE_NETWORK_CONTAINER, EINVAL, operand);
  }
  netns_send_batch(NETLINK_NETFILTER, network->dns_redirect_batch, STAGE_NETWORK_CONTAINER);
  int udp = open_socket(SOCK_DGRAM, &address);
  int listener = udp == -1 ? -1 : open_socket(SOCK_STREAM, &address);
  if (listener == -1 || channel_send_pair(start->channel, CHANNEL_RESOLVER, udp, listener) == -1) {
    fail(STAGE_NETWORK_CONTAINER, operand);
  }
  close(udp);
  close(listener);
}
