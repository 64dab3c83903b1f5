#include "sys/bridge.h"

#include <linux/if_bridge.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "sys/fd.h"

namespace tinyd {
namespace {

/** BR_MAX_PORTS of the kernel: no bridge has more. */
constexpr size_t kMostPorts = 1024;

}  // namespace

Result<std::optional<Bridge>> lookAtBridge(const std::string& name) {
  if (name.empty() || name.size() >= IFNAMSIZ) return Failure{ENODEV, "ioctl", name};
  Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return lastFailure("socket");
  struct ifreq request = {};
  name.copy(request.ifr_name, IFNAMSIZ - 1);

  // It may vanish between two calls.
  auto failed = [&]() -> Result<std::optional<Bridge>> {
    if (errno == ENODEV) return std::optional<Bridge>();
    return lastFailure("ioctl", name);
  };
  if (ioctl(socket.get(), SIOCGIFINDEX, &request) == -1) return failed();
  Bridge bridge = {.index = request.ifr_ifindex, .isUp = false, .ports = {}};
  if (ioctl(socket.get(), SIOCGIFFLAGS, &request) == -1) return failed();
  bridge.isUp = (request.ifr_flags & IFF_UP) != 0;

  // All ports in one answer of four bytes each, by their numbers: netlink would describe every link at
  // length.
  std::vector<int> indexes(kMostPorts);
  unsigned long arguments[] = {BRCTL_GET_PORT_LIST, reinterpret_cast<unsigned long>(indexes.data()),
                               kMostPorts, 0};
  request.ifr_data = reinterpret_cast<char*>(arguments);
  if (ioctl(socket.get(), SIOCDEVPRIVATE, &request) == -1) return failed();
  for (int index : indexes) {
    if (index != 0) bridge.ports.push_back(index);
  }
  return std::optional<Bridge>(std::move(bridge));
}

}  // namespace tinyd
