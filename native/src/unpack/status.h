#pragma once
#include <cerrno>
#include <memory>
#include <string>
#include <utility>

namespace tinyd::unpack {

/** Why unpacking failed; the names that JavaScript sees are in status.cc. */
enum class Code {
  kBlobDigest,
  kBlobSize,
  kDiffId,
  kCompression,
  kArchive,
  kEscape,
  kLimit,
  kAborted,
  kSystem
};

/** The error code as JavaScript sees it. Empty for kSystem, whose code is the name of its errno. */
const char* codeName(Code code);

struct Failure {
  Code code = Code::kSystem;
  std::string message{};
  /** Only for kSystem. */
  int error = 0;
  const char* call = "";
  std::string path{};
};

/** Success, or one failure. Costs a pointer. */
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Failure failure) : failure_(std::make_unique<Failure>(std::move(failure))) {}
  bool ok() const {
    return failure_ == nullptr;
  }
  const Failure& failure() const {
    return *failure_;
  }

 private:
  std::unique_ptr<Failure> failure_;
};

inline Status fail(Code code, std::string message) {
  return Failure{code, std::move(message)};
}

/** The failure of the system call that has just set errno. */
inline Status failedCall(const char* call, std::string path = {}) {
  return Failure{Code::kSystem, {}, errno, call, std::move(path)};
}

/** A name out of an archive as it may stand in a message: control and non-ASCII bytes escaped, length
 * bounded. */
std::string quoted(const std::string& name);

}  // namespace tinyd::unpack

/** Passes a failure on to the caller. */
#define TRY(expression)                                                                \
  do {                                                                                 \
    if (::tinyd::unpack::Status status_ = (expression); !status_.ok()) return status_; \
  } while (0)
