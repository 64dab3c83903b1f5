#include "netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define REPLY_BYTES 65536
#define SOCKET_BYTES (1 << 20)
#define PATIENCE_SECONDS 10

/** What is still awaited from the kernel. */
struct exchange {
  unsigned sent;
  unsigned awaited;
  int first_errno;
  struct netlink_error* error;
};

int netlink_open(int protocol) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (fd == -1) return -1;
  int on = 1, size = SOCKET_BYTES;
  struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
  setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) == -1) {
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  }
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) == -1) {
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  }
  return fd;
}

/** Numbers the messages and counts the answers to wait for. -1: the buffer is not a row of whole messages. */
static int number_messages(uint8_t* messages, size_t length, struct exchange* state) {
  for (size_t at = 0; at < length;) {
    struct nlmsghdr header;
    if (length - at < sizeof header) return -1;
    memcpy(&header, messages + at, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > length - at) return -1;
    header.nlmsg_seq = ++state->sent;
    memcpy(messages + at, &header, sizeof header);
    int dumps = (header.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
    if (dumps || (header.nlmsg_flags & NLM_F_ACK)) state->awaited++;
    size_t padded = NLMSG_ALIGN(header.nlmsg_len);
    at += padded < length - at ? padded : length - at;
  }
  return 0;
}

/** Copies the kernel's explanation out of an error message's attributes. */
static void read_explanation(const struct nlmsghdr* header, char* text, size_t size) {
  if (!(header->nlmsg_flags & NLM_F_ACK_TLVS)) return;
  const struct nlmsgerr* body = NLMSG_DATA(header);
  size_t at = NLMSG_HDRLEN + sizeof *body;
  if (!(header->nlmsg_flags & NLM_F_CAPPED)) at += NLMSG_ALIGN(body->msg.nlmsg_len) - NLMSG_HDRLEN;
  while (at + NLA_HDRLEN <= header->nlmsg_len) {
    const struct nlattr* attribute = (const struct nlattr*)((const uint8_t*)header + at);
    if (attribute->nla_len < NLA_HDRLEN || attribute->nla_len > header->nlmsg_len - at) return;
    if ((attribute->nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG) {
      size_t length = attribute->nla_len - NLA_HDRLEN;
      if (length >= size) length = size - 1;
      memcpy(text, (const uint8_t*)attribute + NLA_HDRLEN, length);
      text[length] = '\0';
      return;
    }
    at += NLA_ALIGN(attribute->nla_len);
  }
}

static void read_acknowledgement(const struct nlmsghdr* header, struct exchange* state) {
  if (header->nlmsg_len < NLMSG_LENGTH(sizeof(struct nlmsgerr))) return;
  const struct nlmsgerr* body = NLMSG_DATA(header);
  if (state->awaited > 0) state->awaited--;
  if (body->error == 0 || state->first_errno != 0) return;
  state->first_errno = -body->error;
  state->error->message_index = (int)header->nlmsg_seq - 1;
  read_explanation(header, state->error->text, sizeof state->error->text);
}

/** A dump ends with its own result, 0 or a negative errno. */
static void read_dump_end(const struct nlmsghdr* header, struct exchange* state) {
  int result = 0;
  if (header->nlmsg_len >= NLMSG_LENGTH(sizeof result)) memcpy(&result, NLMSG_DATA(header), sizeof result);
  if (state->awaited > 0) state->awaited--;
  if (result >= 0 || state->first_errno != 0) return;
  state->first_errno = -result;
  state->error->message_index = (int)header->nlmsg_seq - 1;
}

static void read_datagram(const uint8_t* data, size_t length, struct exchange* state,
                          void (*receive)(void*, const void*, size_t), void* to) {
  for (size_t at = 0; length - at >= sizeof(struct nlmsghdr);) {
    const struct nlmsghdr* header = (const struct nlmsghdr*)(data + at);
    if (header->nlmsg_len < sizeof *header || header->nlmsg_len > length - at) return;
    int ours = header->nlmsg_seq >= 1 && header->nlmsg_seq <= state->sent;
    if (ours && header->nlmsg_type == NLMSG_ERROR) {
      read_acknowledgement(header, state);
    } else if (ours && header->nlmsg_type == NLMSG_DONE) {
      read_dump_end(header, state);
    } else if (ours && header->nlmsg_type >= NLMSG_MIN_TYPE && receive != NULL) {
      receive(to, header, header->nlmsg_len);
    }
    size_t padded = NLMSG_ALIGN(header->nlmsg_len);
    at += padded < length - at ? padded : length - at;
  }
}

static int send_messages(int fd, const void* messages, size_t length) {
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  for (;;) {
    ssize_t sent = sendto(fd, messages, length, 0, (struct sockaddr*)&kernel, sizeof kernel);
    if (sent == (ssize_t)length) return 0;
    if (sent != -1) errno = EMSGSIZE;
    if (errno != EINTR) return -1;
  }
}

int netlink_exchange(int fd, void* messages, size_t length, void (*receive)(void*, const void*, size_t),
                     void* to, struct netlink_error* error) {
  struct exchange state = {.error = error};
  error->message_index = -1;
  error->text[0] = '\0';
  if (number_messages(messages, length, &state) == -1) {
    errno = EINVAL;
    return -1;
  }
  if (send_messages(fd, messages, length) == -1) return -1;

  static _Thread_local uint8_t reply[REPLY_BYTES] __attribute__((aligned(8)));
  for (;;) {
    // The kernel answers within sendto: once nothing is owed, or after a refusal, what is there is only
    // picked up.
    int flags = state.awaited == 0 || state.first_errno != 0 ? MSG_DONTWAIT : 0;
    ssize_t got = recv(fd, reply, sizeof reply, flags);
    if (got == -1 && errno == EINTR) continue;
    if (got == -1) {
      if (flags != MSG_DONTWAIT || errno != EAGAIN) return -1;
      break;
    }
    read_datagram(reply, (size_t)got, &state, receive, to);
  }
  errno = state.first_errno;
  return state.first_errno == 0 ? 0 : -1;
}
