#include "netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files.h"
#include "netlink.h"

/** NETNS_FD of packages/runtime/src/plan/network.ts. */
#define NAMESPACE_FD 9

void netns_reserve(void) {
  int null = open_null(O_RDONLY);
  if (null == -1 || dup3(null, NAMESPACE_FD, O_CLOEXEC) == -1) fail(STAGE_SYSTEM, "/dev/null");
  if (null != NAMESPACE_FD) close(null);
}

void netns_send_batch(int protocol, struct plan_bytes batch, enum report_stage stage) {
  if (batch.length == 0) return;
  struct netlink_error error = {.message_index = -1};
  int fd = netlink_open(protocol);
  if (fd == -1) fail(stage, "netlink socket");
  if (netlink_exchange(fd, batch.data, batch.length, NULL, NULL, &error) == -1) {
    int reason = errno;
    char operand[256];
    snprintf(operand, sizeof operand, "message %d%s%s", error.message_index, error.text[0] ? ": " : "",
             error.text);
    fail_because(stage, reason, operand);
  }
  close(fd);
}

static int bind_claim(const struct plan_claim* claim, int reuse) {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } address = {0};
  int on = 1, family = strchr(claim->address, ':') != NULL ? AF_INET6 : AF_INET;
  void* number = family == AF_INET6 ? (void*)&address.v6.sin6_addr : (void*)&address.v4.sin_addr;
  if (inet_pton(family, claim->address, number) != 1) {
    errno = EINVAL;
    return -1;
  }
  address.any.sa_family = (sa_family_t)family;
  *(family == AF_INET6 ? &address.v6.sin6_port : &address.v4.sin_port) = htons((uint16_t)claim->port);
  int type = claim->protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
  int fd = socket(family, type | SOCK_CLOEXEC, (int)claim->protocol);
  if (fd == -1) return -1;
  if (family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (reuse) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  socklen_t length = family == AF_INET6 ? sizeof address.v6 : sizeof address.v4;
  if (bind(fd, &address.any, length) == 0) return fd;
  int reason = errno;
  close(fd);
  errno = reason;
  return -1;
}

/** A published port that is held. */
struct held_port {
  struct held_port* next;
  int fd;
  uint32_t protocol, port;
  char address[INET6_ADDRSTRLEN];
  bool wanted;
};

static struct held_port* held;

static struct held_port* find_held(const struct plan_claim* claim) {
  for (struct held_port* each = held; each != NULL; each = each->next) {
    if (each->protocol == claim->protocol && each->port == claim->port &&
        strcmp(each->address, claim->address) == 0) {
      return each;
    }
  }
  return NULL;
}

static struct held_port* hold(const struct plan_claim* claim) {
  struct held_port* port = calloc(1, sizeof *port);
  if (port == NULL) return NULL;
  port->fd = bind_claim(claim, 0);
  // Connections that linger after a program has ended (TIME_WAIT) do not count; a listening TCP program
  // still does.
  if (port->fd == -1 && errno == EADDRINUSE && claim->protocol == IPPROTO_TCP)
    port->fd = bind_claim(claim, 1);
  if (port->fd == -1) {
    int reason = errno;
    free(port);
    errno = reason;
    return NULL;
  }
  port->protocol = claim->protocol;
  port->port = claim->port;
  snprintf(port->address, sizeof port->address, "%s", claim->address);
  port->next = held;
  held = port;
  return port;
}

static void let_go_of_unwanted(void) {
  for (struct held_port** at = &held; *at != NULL;) {
    struct held_port* port = *at;
    if (port->wanted) {
      at = &port->next;
      continue;
    }
    *at = port->next;
    close(port->fd);
    free(port);
  }
}

int netns_hold_ports(const struct plan* plan, char* operand, size_t size) {
  struct plan_list claims = plan->session.network.claims;
  struct plan_reader reader = plan_items(plan, claims);
  for (struct held_port* port = held; port != NULL; port = port->next) port->wanted = false;
  for (uint32_t i = 0; i < claims.count && plan->session.has_network; i++) {
    struct plan_claim claim = plan_next_claim(&reader);
    struct held_port* port = find_held(&claim);
    if (port == NULL) port = hold(&claim);
    if (port == NULL) {
      int reason = errno;
      const char* protocol = claim.protocol == IPPROTO_UDP ? "udp" : "tcp";
      snprintf(operand, size, "%s %s:%u", protocol, claim.address, claim.port);
      errno = reason;
      return -1;
    }
    port->wanted = true;
  }
  let_go_of_unwanted();
  return 0;
}

void netns_claim_ports(const struct plan* plan) {
  char operand[128];
  if (netns_hold_ports(plan, operand, sizeof operand) == -1) fail(STAGE_PORT_CLAIM, operand);
}

void netns_set_up_host(const struct plan* plan, pid_t pid) {
  const struct plan_network* network = &plan->session.network;
  if (!plan->session.has_network) return;
  if (network->host_batch.length > 0) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1 || dup3(fd, NAMESPACE_FD, O_CLOEXEC) == -1) fail(STAGE_NETWORK_HOST, path);
    close(fd);
    netns_send_batch(NETLINK_ROUTE, network->host_batch, STAGE_NETWORK_HOST);
    netns_reserve();  // lets go of the namespace
  }
}

void netns_add_ports(const struct plan* plan) {
  if (!plan->session.has_network) return;
  netns_send_batch(NETLINK_NETFILTER, plan->session.network.port_batch, STAGE_NETWORK_PORTS);
}

/** Sends a batch that undoes something; what it finds gone is no failure. */
static void try_batch(const struct plan* plan, int protocol, struct plan_bytes batch) {
  struct netlink_error error;
  if (!plan->session.has_network || batch.length == 0) return;
  int fd = netlink_open(protocol);
  if (fd == -1) return;
  netlink_exchange(fd, batch.data, batch.length, NULL, NULL, &error);
  close(fd);
}

void netns_remove_ports(const struct plan* plan) {
  try_batch(plan, NETLINK_NETFILTER, plan->session.network.port_teardown_batch);
}

void netns_remove_links(const struct plan* plan) {
  try_batch(plan, NETLINK_ROUTE, plan->session.network.host_teardown_batch);
}

void netns_set_up_container(const struct plan* plan) {
  if (!plan->session.has_network) return;
  netns_send_batch(NETLINK_ROUTE, plan->session.network.container_batch, STAGE_NETWORK_CONTAINER);
}

/** A procfs instance that is attached nowhere: nothing in a container can be mounted over parts of it. */
static int open_private_procfs(void) {
  int context = (int)syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
  if (context == -1) return -1;
  int mount = -1;
  if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0) {
    mount = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC,
                         MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  }
  int reason = errno;
  close(context);
  errno = reason;
  return mount;
}

static int write_sysctl(int procfs, const struct plan_pair* sysctl) {
  char path[512];
  int length = snprintf(path, sizeof path, "sys/%s", sysctl->name);
  if (length < 0 || (size_t)length >= sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  struct open_how how = {.flags = O_WRONLY | O_CLOEXEC,
                         .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV};
  int fd = (int)syscall(SYS_openat2, procfs, path, &how, sizeof how);
  if (fd == -1) return -1;
  int result = write_all(fd, sysctl->value, strlen(sysctl->value));
  int reason = errno;
  close(fd);
  errno = reason;
  return result;
}

void netns_write_sysctls(const struct plan* plan) {
  struct plan_list sysctls = plan->session.network.sysctls;
  if (!plan->session.has_network || sysctls.count == 0) return;
  int procfs = open_private_procfs();
  if (procfs == -1) fail(STAGE_SYSCTL, "procfs");
  struct plan_reader reader = plan_items(plan, sysctls);
  for (uint32_t i = 0; i < sysctls.count; i++) {
    struct plan_pair sysctl = plan_next_pair(&reader);
    if (write_sysctl(procfs, &sysctl) == -1) fail(STAGE_SYSCTL, sysctl.name);
  }
  close(procfs);
}
