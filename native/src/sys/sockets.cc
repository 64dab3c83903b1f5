#include "sys/sockets.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

namespace tinyd {

Result<std::pair<Fd, Fd>> socketPair() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1) return lastFailure("socketpair");
  return std::pair<Fd, Fd>{Fd(fds[0]), Fd(fds[1])};
}

Result<Fd> connectUnix(const std::string& path) {
  // A path of any length is named through the descriptor of the socket file itself.
  Fd file(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!file.valid()) return lastFailure("open", path);
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::string name = "/proc/self/fd/" + std::to_string(file.get());
  memcpy(address.sun_path, name.c_str(), name.size() + 1);

  Fd connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!connection.valid()) return lastFailure("socket", path);
  auto call = [&] {
    return connect(connection.get(), reinterpret_cast<struct sockaddr*>(&address), sizeof address);
  };
  if (retryInterrupted(call) == -1) return lastFailure("connect", path);
  return connection;
}

}  // namespace tinyd
