#include "binding/sys_addon.h"
#include "binding/sys_arguments.h"
#include "sys/digest.h"

namespace tinyd {
namespace {

/** What one call may ask for: identifiers and keys are short. */
constexpr int kMostRandomBytes = 1024;

Napi::Value digest(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  std::string algorithm = arguments.string(0);
  Napi::Uint8Array bytes = arguments.bytes(1);
  if (!arguments.ok()) return info.Env().Undefined();
  Result<std::string> result = digestOf(algorithm, bytes.Data(), bytes.ByteLength());
  if (!result.ok()) return throwFailure(info.Env(), result.failure());
  return Napi::String::New(info.Env(), result.value());
}

Napi::Value random(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  int count = arguments.integer(0);
  if (!arguments.ok()) return info.Env().Undefined();
  if (count < 0 || count > kMostRandomBytes) return throwFailure(info.Env(), Failure{EINVAL, "getrandom"});
  Result<std::vector<uint8_t>> result = randomBytes(static_cast<size_t>(count));
  if (!result.ok()) return throwFailure(info.Env(), result.failure());
  return Napi::Buffer<uint8_t>::Copy(info.Env(), result.value().data(), result.value().size());
}

}  // namespace

void exportDigest(Napi::Env env, Napi::Object exports) {
  exports.Set("digest", Napi::Function::New(env, digest, "digest"));
  exports.Set("randomBytes", Napi::Function::New(env, random, "randomBytes"));
}

}  // namespace tinyd
