#include "sys/netlink.h"

#include "../helper/netlink.h"
#include "sys/fd.h"

namespace tinyd {
namespace {

void collect(void* to, const void* message, size_t length) {
  static_cast<std::vector<std::string>*>(to)->emplace_back(static_cast<const char*>(message), length);
}

}  // namespace

Result<std::vector<std::string>> netlinkRequest(int protocol, const uint8_t* messages, size_t length) {
  Fd socket(netlink_open(protocol));
  if (!socket.valid()) return lastFailure("socket");
  // A copy: the sequence numbers are written into it.
  std::vector<uint8_t> request(messages, messages + length);
  std::vector<std::string> answers;
  struct netlink_error error = {};
  if (netlink_exchange(socket.get(), request.data(), request.size(), collect, &answers, &error) == 0) {
    return answers;
  }
  Failure failure = lastFailure("netlink");
  failure.text = error.text;
  failure.messageIndex = error.message_index;
  return failure;
}

}  // namespace tinyd
