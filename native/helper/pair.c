#include "pair.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union space {
  struct cmsghdr header;
  char bytes[CMSG_SPACE(2 * sizeof(int))];
};

ssize_t pair_send(int fd, const void* bytes, size_t length, const int pair[2]) {
  struct iovec part = {(void*)bytes, length};
  union space space = {
      .header = {.cmsg_len = CMSG_LEN(2 * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
  memcpy(CMSG_DATA(&space.header), pair, 2 * sizeof(int));
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = &space, .msg_controllen = sizeof space};
  return sendmsg(fd, &message, MSG_NOSIGNAL);
}

ssize_t pair_receive(int fd, void* bytes, size_t size, int flags, int pair[2]) {
  // cppcheck-suppress ctuuninitvar  // recvmsg(2) fills it
  struct iovec part = {bytes, size};
  union space space;
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = &space, .msg_controllen = sizeof space};
  pair[0] = pair[1] = -1;
  ssize_t got = recvmsg(fd, &message, flags | MSG_CMSG_CLOEXEC);
  struct cmsghdr* header = got == -1 ? NULL : CMSG_FIRSTHDR(&message);
  if (header == NULL || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) return got;
  // There is room for two: a single one is all that can be wrong.
  memcpy(pair, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
  if (pair[1] == -1 && pair[0] != -1) {
    close(pair[0]);
    pair[0] = -1;
  }
  return got;
}
