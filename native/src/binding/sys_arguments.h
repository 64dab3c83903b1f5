#pragma once
#include <napi.h>

#include <string>
#include <vector>

#include "sys/result.h"

namespace tinyd {

/** Reads a call's arguments, each checked: the first wrong one leaves a TypeError pending and `ok()` false.
 */
class Arguments {
 public:
  explicit Arguments(const Napi::CallbackInfo& info) : info_(info) {}
  bool ok() const {
    return ok_;
  }
  int integer(size_t index);
  bool boolean(size_t index);
  uint64_t unsigned64(size_t index);
  std::string string(size_t index);
  std::vector<std::string> strings(size_t index);
  std::vector<int> integers(size_t index);
  /** Valid while the call lasts. */
  Napi::Uint8Array bytes(size_t index);

 private:
  void refuse(size_t index, const char* wanted);
  const Napi::CallbackInfo& info_;
  bool ok_ = true;
};

/** An Error as Node's own file system calls throw them: code, negative errno, syscall, path. */
Napi::Error errorOf(Napi::Env env, const Failure& failure);

/** Leaves the failure pending as a JavaScript exception. */
Napi::Value throwFailure(Napi::Env env, const Failure& failure);

}  // namespace tinyd
