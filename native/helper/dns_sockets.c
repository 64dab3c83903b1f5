#include "dns_sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "channel.h"
#include "frames.h"
#include "netns.h"
#include "pair.h"
#include "report.h"

#define BACKLOG 128
#define PATIENCE_SECONDS 10
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

/** Opens both. False: the plan has no resolver. */
static bool open_sockets(const struct plan* plan, int fds[2], char operand[64]) {
  const struct plan_network* network = &plan->session.network;
  if (!plan->session.has_network || !network->has_dns) return false;
  snprintf(operand, 64, "resolver %.32s:%u", network->dns_address, network->dns_port);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)network->dns_port)};
  if (inet_pton(AF_INET, network->dns_address, &address.sin_addr) != 1) {
    fail_because(STAGE_NETWORK_CONTAINER, EINVAL, operand);
  }
  netns_send_batch(NETLINK_NETFILTER, network->dns_redirect_batch, STAGE_NETWORK_CONTAINER);
  fds[0] = open_socket(SOCK_DGRAM, &address);
  fds[1] = fds[0] == -1 ? -1 : open_socket(SOCK_STREAM, &address);
  if (fds[1] == -1) fail(STAGE_NETWORK_CONTAINER, operand);
  return true;
}

void dns_sockets_hand_over(const struct process_start* start) {
  char operand[64];
  int fds[2];
  if (!open_sockets(start->plan, fds, operand)) return;
  if (channel_send_pair(start->channel, CHANNEL_RESOLVER, fds[0], fds[1]) == -1) {
    fail(STAGE_NETWORK_CONTAINER, operand);
  }
  close(fds[0]);
  close(fds[1]);
}

static int connect_to_monitor(const char* run_dir) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
  int folder = open(run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  // Named through its descriptor: the path may be longer than a socket address can hold.
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/attach.sock", folder);
  if (folder == -1 || fd == -1 || connect(fd, (struct sockaddr*)&address, sizeof address) == -1) return -1;
  close(folder);
  return fd;
}

/** Sends the frames that pass the sockets on; true once the monitor says that it has taken them over. */
static bool deliver(int monitor, const int fds[2]) {
  struct {
    struct frame_header hello;
    uint32_t wants;
    struct frame_header resolver;
  } frames = {.hello = {.type = FRAME_HELLO, .length = sizeof frames.wants},
              .resolver = {.type = FRAME_RESOLVER}};
  struct frame_header answer = {0};
  if (pair_send(monitor, &frames, sizeof frames, fds) != sizeof frames) return false;
  ssize_t got = recv(monitor, &answer, sizeof answer, MSG_WAITALL);
  if (got != -1) errno = EIO;  // it has gone, or says why not
  return got == sizeof answer && answer.type == FRAME_RESOLVER;
}

void dns_sockets_deliver(const struct plan* plan) {
  char operand[64];
  int fds[2];
  if (!open_sockets(plan, fds, operand)) return;
  int monitor = connect_to_monitor(plan->session.run_dir);
  if (monitor == -1 || !deliver(monitor, fds)) fail(STAGE_NETWORK_CONTAINER, operand);
  close(monitor);
  close(fds[0]);
  close(fds[1]);
}
