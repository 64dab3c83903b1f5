#pragma once
#include <cerrno>
#include <string>
#include <utility>
#include <variant>

namespace tinyd {

/** A failed kernel call; becomes an Error of Node's own shape in the binding. */
struct Failure {
  int error = 0;
  const char* call = "";
  std::string path{};
  /** More than errno tells, e.g. netlink's extended acknowledgement. */
  std::string text{};
  /** Netlink: position of the refused message; -1 elsewhere. */
  int messageIndex = -1;
};

/** The failure of the call that has just set errno. */
inline Failure lastFailure(const char* call, std::string path = {}) {
  return Failure{errno, call, std::move(path)};
}

struct Done {};

/** A value, or why there is none. */
template <typename T>
class Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Failure failure) : state_(std::move(failure)) {}
  bool ok() const {
    return state_.index() == 0;
  }
  T& value() {
    return *std::get_if<0>(&state_);
  }
  const Failure& failure() const {
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Failure> state_;
};

/** Repeats a system call that a signal interrupted. */
template <typename Call>
auto retryInterrupted(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

}  // namespace tinyd
