#include "binding/sys_addon.h"
#include "binding/sys_arguments.h"
#include "binding/sys_xattrs.h"
#include "sys/tree.h"

namespace tinyd {
namespace {

/** A path or name as bytes: file names need not be text. A NUL ends it where the kernel would see it end. */
std::string pathArgument(Arguments& arguments, size_t index, bool& ok) {
  Napi::Uint8Array bytes = arguments.bytes(index);
  if (!arguments.ok()) return {};
  std::string path(reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength());
  ok = path.find('\0') == std::string::npos;
  return path;
}

Napi::Value openBelowNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  bool clean = true;
  int root = arguments.integer(0);
  std::string path = pathArgument(arguments, 1, clean);
  int flags = arguments.integer(2);
  int mode = arguments.integer(3);
  if (!arguments.ok()) return info.Env().Undefined();
  if (!clean) return throwFailure(info.Env(), Failure{EINVAL, "openat2"});
  Result<Fd> result = openBelow(root, path, flags, static_cast<unsigned>(mode));
  if (!result.ok()) return throwFailure(info.Env(), result.failure());
  return Napi::Number::New(info.Env(), result.value().release());
}

Napi::Value readLinkOfNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  int link = arguments.integer(0);
  if (!arguments.ok()) return info.Env().Undefined();
  Result<std::string> result = readLinkOf(link);
  if (!result.ok()) return throwFailure(info.Env(), result.failure());
  return Napi::Buffer<char>::Copy(info.Env(), result.value().data(), result.value().size());
}

Napi::Value makeNodeNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  bool clean = true;
  int folder = arguments.integer(0);
  std::string name = pathArgument(arguments, 1, clean);
  int mode = arguments.integer(2);
  int major = arguments.integer(3);
  int minor = arguments.integer(4);
  if (!arguments.ok()) return info.Env().Undefined();
  if (!clean) return throwFailure(info.Env(), Failure{EINVAL, "mknodat"});
  Result<Done> result = makeNode(folder, name, static_cast<unsigned>(mode), static_cast<unsigned>(major),
                                 static_cast<unsigned>(minor));
  if (!result.ok()) return throwFailure(info.Env(), result.failure());
  return info.Env().Undefined();
}

Napi::Value listXattrsOfNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  int file = arguments.integer(0);
  if (!arguments.ok()) return info.Env().Undefined();
  return xattrsOrThrow(info.Env(), listXattrsOf(file));
}

Napi::Value setXattrOfNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  int file = arguments.integer(0);
  std::string name = arguments.string(1);
  Napi::Uint8Array value = arguments.bytes(2);
  if (!arguments.ok()) return info.Env().Undefined();
  Result<Done> result = setXattrOf(file, name, value.Data(), value.ByteLength());
  if (!result.ok()) return throwFailure(info.Env(), result.failure());
  return info.Env().Undefined();
}

Napi::Value receiveDescriptorNow(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments arguments(info);
  int socket = arguments.integer(0);
  if (!arguments.ok()) return env.Undefined();
  Result<Received> result = receiveDescriptor(socket);
  if (!result.ok()) return throwFailure(env, result.failure());
  Received& received = result.value();
  Napi::Object answer = Napi::Object::New(env);
  answer.Set("message", Napi::Buffer<char>::Copy(env, received.message.data(), received.message.size()));
  answer.Set("fd", Napi::Number::New(env, received.descriptor.release()));
  return answer;
}

}  // namespace

void exportTree(Napi::Env env, Napi::Object exports) {
  exports.Set("openBelow", Napi::Function::New(env, openBelowNow, "openBelow"));
  exports.Set("readLinkOf", Napi::Function::New(env, readLinkOfNow, "readLinkOf"));
  exports.Set("makeNode", Napi::Function::New(env, makeNodeNow, "makeNode"));
  exports.Set("listXattrsOf", Napi::Function::New(env, listXattrsOfNow, "listXattrsOf"));
  exports.Set("setXattrOf", Napi::Function::New(env, setXattrOfNow, "setXattrOf"));
  exports.Set("receiveDescriptor", Napi::Function::New(env, receiveDescriptorNow, "receiveDescriptor"));
}

}  // namespace tinyd
