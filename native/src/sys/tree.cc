#include "sys/tree.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <climits>
#include <cstring>

namespace tinyd {
namespace {

constexpr int kMostRaces = 128;

/** Names what an O_PATH descriptor refers to for calls that know paths only. Follows to that very file. */
std::string pathOf(int file) {
  return "/proc/self/fd/" + std::to_string(file);
}

}  // namespace

Result<Fd> openBelow(int root, const std::string& path, int flags, unsigned mode) {
  struct open_how how = {};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  auto call = [&] { return syscall(SYS_openat2, root, path.c_str(), &how, sizeof how); };
  long fd = retryInterrupted(call);
  // EAGAIN: a rename raced with the walk; the kernel asks to walk again.
  for (int tries = 0; fd == -1 && errno == EAGAIN && tries < kMostRaces; tries++) fd = retryInterrupted(call);
  if (fd == -1) return lastFailure("openat2", path);
  return Fd(static_cast<int>(fd));
}

Result<std::string> readLinkOf(int link) {
  char target[PATH_MAX];
  ssize_t length = readlinkat(link, "", target, sizeof target);
  if (length == -1) return lastFailure("readlinkat");
  return std::string(target, static_cast<size_t>(length));
}

Result<Done> makeNode(int folder, const std::string& name, unsigned mode, unsigned major, unsigned minor) {
  if (mknodat(folder, name.c_str(), mode, makedev(major, minor)) == -1) return lastFailure("mknodat", name);
  return Done{};
}

Result<std::vector<Xattr>> listXattrsOf(int file) {
  return listXattrs(pathOf(file), true);
}

Result<Done> setXattrOf(int file, const std::string& name, const void* value, size_t length) {
  if (setxattr(pathOf(file).c_str(), name.c_str(), value, length, 0) == -1) {
    return lastFailure("setxattr", name);
  }
  return Done{};
}

Result<Received> receiveDescriptor(int socket) {
  char bytes[4096];
  alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  struct iovec part = {bytes, sizeof bytes};
  struct msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t length = retryInterrupted([&] { return recvmsg(socket, &message, MSG_CMSG_CLOEXEC); });
  if (length == -1) return lastFailure("recvmsg");
  Received received;
  received.message.assign(bytes, static_cast<size_t>(length));
  const struct cmsghdr* head = CMSG_FIRSTHDR(&message);
  if (head != nullptr && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS) {
    int fd;
    memcpy(&fd, CMSG_DATA(head), sizeof fd);
    received.descriptor.reset(fd);
  }
  return received;
}

}  // namespace tinyd
