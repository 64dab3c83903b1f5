#include "dns.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "dns_answer.h"
#include "dns_connections.h"
#include "dns_forward.h"
#include "dns_lookup.h"
#include "dns_poll.h"
#include "dns_service.h"
#include "dns_zones.h"
#include "monitor.h"

#define EVENTS_AT_ONCE 16
#define DATAGRAMS_AT_ONCE 64
/** How exactly time is kept while somebody waits. */
#define TICK_NS 100000000
/** The longest datagram of IPv4. */
#define UDP_MOST 65507

static struct {
  bool begun;
  bool ticking;
  int epoll;
  int udp;
  int listener;
  int timer;
} dns;

int dns_poll_add(int fd, uint32_t events, enum dns_part part, uint32_t which) {
  struct epoll_event event = {.events = events, .data.u64 = (uint64_t)part << 32 | which};
  return epoll_ctl(dns.epoll, EPOLL_CTL_ADD, fd, &event);
}

void dns_poll_change(int fd, uint32_t events, enum dns_part part, uint32_t which) {
  struct epoll_event event = {.events = events, .data.u64 = (uint64_t)part << 32 | which};
  epoll_ctl(dns.epoll, EPOLL_CTL_MOD, fd, &event);
}

int64_t dns_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

size_t dns_reply_limit(const struct dns_client* client, uint16_t udp_bytes) {
  if (client->by_tcp) return DNS_MOST_BYTES;
  return udp_bytes < UDP_MOST ? udp_bytes : UDP_MOST;
}

void dns_reply(const struct dns_client* client, const uint8_t* bytes, size_t length) {
  if (client->by_tcp) return dns_connection_reply(client, bytes, length);
  // Whom it does not reach asks again.
  sendto(dns.udp, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr*)&client->address,
         sizeof client->address);
}

void dns_reply_code_only(const struct dns_client* client, const uint8_t* query,
                         const struct dns_question* question, int code) {
  uint8_t bytes[DNS_PLAIN_BYTES];
  struct dns_answer answer;
  dns_answer_begin(&answer, bytes, sizeof bytes, query, question, (enum dns_code)code);
  dns_reply(client, bytes, dns_answer_end(&answer));
}

/** The first network that knows a name answers for it. */
static bool answer_from_zones(const struct dns_client* client, const uint8_t* query,
                              const struct dns_question* question) {
  static uint8_t answer[DNS_MOST_BYTES];
  size_t limit = dns_reply_limit(client, question->udp_bytes);
  struct text hosts;
  unsigned turn = 0;
  (void)!getrandom(&turn, sizeof turn, 0);  // without it the first one comes first
  for (unsigned n = 0; dns_zone(n, &hosts); n++) {
    size_t length = dns_lookup(hosts, query, question, turn, answer, limit);
    if (length == 0) continue;
    dns_reply(client, answer, length);
    return true;
  }
  return false;
}

static bool is_kept(const struct dns_service* service, const struct dns_question* question) {
  bool asks_address = question->type == DNS_TYPE_A || question->type == DNS_TYPE_AAAA;
  return service->keeps_single_labels && asks_address && question->name[0] != '\0' &&
         strchr(question->name, '.') == NULL;
}

bool dns_handle(const struct dns_client* client, const uint8_t* message, size_t length) {
  struct dns_question question;
  enum dns_code code = dns_read_question(message, length, &question);
  if (code == DNS_IGNORE) return false;
  if (code != DNS_NO_ERROR) {
    dns_reply_code_only(client, message, &question, code);
    return true;
  }
  const struct dns_service* service = dns_service_refresh(monitor.run_dir);
  if (answer_from_zones(client, message, &question)) return true;
  if (is_kept(service, &question)) {
    dns_reply_code_only(client, message, &question, DNS_NO_ERROR);
  } else {
    dns_forward(client, message, length, &question, &service->servers);
  }
  return true;
}

static void receive_datagrams(void) {
  uint8_t message[DNS_QUERY_BYTES + 1];
  for (int i = 0; i < DATAGRAMS_AT_ONCE; i++) {
    struct dns_client client = {.by_tcp = false};
    socklen_t size = sizeof client.address;
    ssize_t got = recvfrom(dns.udp, message, sizeof message, 0, (struct sockaddr*)&client.address, &size);
    if (got == -1 && errno == EINTR) continue;
    if (got == -1) return;
    dns_handle(&client, message, (size_t)got);
  }
}

/** Lets the timer run while somebody waits for the time to pass. */
static void update_timer(void) {
  bool wanted = dns_forward_waits() || dns_connections_present();
  if (wanted == dns.ticking) return;
  struct timespec period = {.tv_nsec = wanted ? TICK_NS : 0};
  struct itimerspec setting = {.it_interval = period, .it_value = period};
  if (timerfd_settime(dns.timer, 0, &setting, NULL) == 0) dns.ticking = wanted;
}

static void handle_timer(void) {
  uint64_t ticks;
  if (read(dns.timer, &ticks, sizeof ticks) != sizeof ticks) return;
  dns_forward_tick();
  dns_connections_tick();
}

static void dispatch(const struct epoll_event* event) {
  uint32_t which = (unsigned)(event->data.u64 & UINT32_MAX);
  switch ((enum dns_part)(event->data.u64 >> 32)) {
    case DNS_UDP:
      return receive_datagrams();
    case DNS_LISTENER:
      return dns_connections_accept(dns.listener);
    case DNS_TIMER:
      return handle_timer();
    case DNS_CONNECTION:
      return dns_connection_ready(which, event->events);
    case DNS_FORWARD:
      return dns_forward_ready(which, event->events);
  }
}

int dns_begin(int udp, int listener) {
  dns_end();
  dns.epoll = epoll_create1(EPOLL_CLOEXEC);
  dns.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (dns.epoll == -1 || dns.timer == -1 || dns_poll_add(udp, EPOLLIN, DNS_UDP, 0) == -1 ||
      dns_poll_add(listener, EPOLLIN, DNS_LISTENER, 0) == -1 ||
      dns_poll_add(dns.timer, EPOLLIN, DNS_TIMER, 0) == -1) {
    int reason = errno;
    if (dns.timer != -1) close(dns.timer);
    if (dns.epoll != -1) close(dns.epoll);
    errno = reason;
    return -1;
  }
  dns.udp = udp;
  dns.listener = listener;
  dns.begun = true;
  return 0;
}

int dns_descriptor(void) {
  return dns.begun ? dns.epoll : -1;
}

void dns_ready(void) {
  struct epoll_event ready[EVENTS_AT_ONCE];
  int count = epoll_wait(dns.epoll, ready, EVENTS_AT_ONCE, 0);
  for (int i = 0; i < count; i++) dispatch(&ready[i]);
  dns_connections_update(dns.listener);
  update_timer();
}

void dns_end(void) {
  if (!dns.begun) return;
  dns_connections_end();
  dns_forward_end();
  dns_service_forget();
  close(dns.udp);
  close(dns.listener);
  close(dns.timer);
  close(dns.epoll);
  memset(&dns, 0, sizeof dns);
}
