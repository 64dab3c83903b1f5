#include "binding/sys_addon.h"
#include "binding/sys_arguments.h"
#include "sys/bridge.h"
#include "sys/netlink.h"
#include "sys/packet_rules.h"
#include "sys/plugs.h"

namespace tinyd {
namespace {

Napi::Value netlinkRequestNow(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments arguments(info);
  int protocol = arguments.integer(0);
  Napi::Uint8Array messages = arguments.bytes(1);
  if (!arguments.ok()) return env.Undefined();
  Result<std::vector<std::string>> result = netlinkRequest(protocol, messages.Data(), messages.ByteLength());
  if (!result.ok()) return throwFailure(env, result.failure());
  Napi::Array list = Napi::Array::New(env, result.value().size());
  uint32_t index = 0;
  for (const std::string& answer : result.value()) {
    list.Set(index++, Napi::Buffer<char>::Copy(env, answer.data(), answer.size()));
  }
  return list;
}

Napi::Value rulesGenerationNow(const Napi::CallbackInfo& info) {
  Result<uint32_t> result = rulesGeneration();
  if (!result.ok()) return throwFailure(info.Env(), result.failure());
  return Napi::Number::New(info.Env(), result.value());
}

Napi::Value lookAtBridgeNow(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments arguments(info);
  std::string name = arguments.string(0);
  if (!arguments.ok()) return env.Undefined();
  Result<std::optional<Bridge>> result = lookAtBridge(name);
  if (!result.ok()) return throwFailure(env, result.failure());
  if (!result.value().has_value()) return env.Undefined();
  const Bridge& bridge = *result.value();
  Napi::Array ports = Napi::Array::New(env, bridge.ports.size());
  uint32_t at = 0;
  for (int port : bridge.ports) ports.Set(at++, Napi::Number::New(env, port));
  Napi::Object seen = Napi::Object::New(env);
  seen.Set("index", Napi::Number::New(env, bridge.index));
  seen.Set("isUp", Napi::Boolean::New(env, bridge.isUp));
  seen.Set("ports", ports);
  return seen;
}

Napi::Value lookAtPlugsNow(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments arguments(info);
  std::string folder = arguments.string(0);
  std::vector<std::string> names = arguments.strings(1);
  std::string file = arguments.string(2);
  Napi::Uint8Array text = arguments.bytes(3);
  if (!arguments.ok()) return env.Undefined();
  const std::string_view known(reinterpret_cast<const char*>(text.Data()), text.ByteLength());
  Result<PlugsSeen> result = lookAtPlugs(folder, names, file, known);
  if (!result.ok()) return throwFailure(env, result.failure());
  const PlugsSeen& seen = result.value();
  Napi::Array unknown = Napi::Array::New(env, seen.unknown.size());
  uint32_t at = 0;
  for (const PlugsSeen::Unknown& each : seen.unknown) {
    Napi::Object container = Napi::Object::New(env);
    container.Set("name", Napi::String::New(env, each.name));
    container.Set("identity", Napi::String::New(env, each.identity));
    unknown.Set(at++, container);
  }
  Napi::Object found = Napi::Object::New(env);
  found.Set("known", Napi::Number::New(env, static_cast<double>(seen.known)));
  found.Set("hold", Napi::Boolean::New(env, seen.hold));
  found.Set("unknown", unknown);
  return found;
}

}  // namespace

void exportNetwork(Napi::Env env, Napi::Object exports) {
  exports.Set("netlinkRequest", Napi::Function::New(env, netlinkRequestNow, "netlinkRequest"));
  exports.Set("rulesGeneration", Napi::Function::New(env, rulesGenerationNow, "rulesGeneration"));
  exports.Set("lookAtPlugs", Napi::Function::New(env, lookAtPlugsNow, "lookAtPlugs"));
  exports.Set("lookAtBridge", Napi::Function::New(env, lookAtBridgeNow, "lookAtBridge"));
}

}  // namespace tinyd
