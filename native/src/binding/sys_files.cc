#include <fcntl.h>
#include <sys/file.h>

#include <cstring>

#include "binding/sys_addon.h"
#include "binding/sys_async.h"
#include "binding/sys_xattrs.h"
#include "sys/files.h"
#include "sys/locks.h"

namespace tinyd {
namespace {

/** The flock(2) operation of a mode name; -1: no such mode. */
int lockOperation(const std::string& mode) {
  if (mode == "shared") return LOCK_SH;
  if (mode == "exclusive") return LOCK_EX;
  if (mode == "unlock") return LOCK_UN;
  return -1;
}

Napi::Value flockNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  int fd = arguments.integer(0);
  int operation = lockOperation(arguments.string(1));
  bool wait = arguments.boolean(2);
  if (!arguments.ok()) return info.Env().Undefined();
  if (operation == -1) return throwFailure(info.Env(), Failure{EINVAL, "flock"});
  Result<bool> result = lockFile(fd, operation | (wait ? 0 : LOCK_NB));
  if (!result.ok()) return throwFailure(info.Env(), result.failure());
  return Napi::Boolean::New(info.Env(), result.value());
}

Napi::Value flockAsync(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  int fd = arguments.integer(0);
  int operation = lockOperation(arguments.string(1));
  if (!arguments.ok()) return info.Env().Undefined();
  if (operation == -1) return throwFailure(info.Env(), Failure{EINVAL, "flock"});
  return runAsync(info.Env(), [=]() -> Result<Done> {
    Result<bool> result = lockFile(fd, operation);
    if (!result.ok()) return result.failure();
    return Done{};
  });
}

Napi::Value syncfsAsync(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  int fd = arguments.integer(0);
  if (!arguments.ok()) return info.Env().Undefined();
  return runAsync(info.Env(), [=] { return syncFileSystem(fd); });
}

Napi::Value removeTreeAsync(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  std::string path = arguments.string(0);
  if (!arguments.ok()) return info.Env().Undefined();
  return runAsync(info.Env(), [=] { return removeTree(path); });
}

Napi::Value listXattrsNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  std::string path = arguments.string(0);
  if (!arguments.ok()) return info.Env().Undefined();
  return xattrsOrThrow(info.Env(), listXattrs(path));
}

bool isAscii(const std::string& text) {
  size_t at = 0;
  for (uint64_t word; at + sizeof word <= text.size(); at += sizeof word) {
    memcpy(&word, text.data() + at, sizeof word);
    if ((word & 0x8080808080808080) != 0) return false;
  }
  for (; at < text.size(); at++) {
    if ((text[at] & 0x80) != 0) return false;
  }
  return true;
}

/** UTF-8 as a string. Nearly all of it is ASCII, which need not be decoded. */
Napi::Value makeText(Napi::Env env, const std::string& text) {
  if (!isAscii(text)) return Napi::String::New(env, text);
  napi_value string = nullptr;
  napi_create_string_latin1(env, text.data(), text.size(), &string);
  return Napi::Value(env, string);
}

/** Looks at `folder/<name>/<file>` for each of the names, at `folder/<name>` without a file: the call has
 * these arguments. */
template <typename Look>
Napi::Value lookAtEach(const Napi::CallbackInfo& info, Look look) {
  Arguments arguments(info);
  std::string folder = arguments.string(0);
  std::vector<std::string> names = arguments.strings(1);
  std::string file = arguments.string(2);
  if (!arguments.ok()) return info.Env().Undefined();
  Napi::Array found = Napi::Array::New(info.Env(), names.size());
  Fd base(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!base.valid()) return throwFailure(info.Env(), lastFailure("open", folder));
  for (uint32_t i = 0; i < names.size(); i++) {
    const std::string name = file.empty() ? names[i] : names[i] + "/" + file;
    Napi::HandleScope scope(info.Env());
    Result<Napi::Value> value = look(base.get(), name);
    if (!value.ok()) {
      Failure failure = value.failure();
      failure.path = folder + "/" + name;
      return throwFailure(info.Env(), failure);
    }
    found.Set(i, value.value());
  }
  return found;
}

Napi::Value readEachNow(const Napi::CallbackInfo& info) {
  std::string text;
  return lookAtEach(info, [&](int folder, const std::string& name) -> Result<Napi::Value> {
    Result<bool> found = readFileIn(folder, name, text);
    if (!found.ok()) return found.failure();
    return found.value() ? makeText(info.Env(), text) : info.Env().Undefined();
  });
}

Napi::Value identifyEachNow(const Napi::CallbackInfo& info) {
  return lookAtEach(info, [&](int folder, const std::string& name) -> Result<Napi::Value> {
    Result<std::string> identity = identify(folder, name);
    if (!identity.ok()) return identity.failure();
    return identity.value().empty() ? info.Env().Undefined() : makeText(info.Env(), identity.value());
  });
}

Napi::Value openInRootNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  std::string root = arguments.string(0);
  std::string path = arguments.string(1);
  if (!arguments.ok()) return info.Env().Undefined();
  Result<Fd> result = openInRoot(root, path);
  if (!result.ok()) return throwFailure(info.Env(), result.failure());
  return Napi::Number::New(info.Env(), result.value().release());
}

Napi::Value memfd(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  std::string name = arguments.string(0);
  Napi::Uint8Array content = arguments.bytes(1);
  if (!arguments.ok()) return info.Env().Undefined();
  Result<Fd> result = memoryFile(name, content.Data(), content.ByteLength());
  if (!result.ok()) return throwFailure(info.Env(), result.failure());
  return Napi::Number::New(info.Env(), result.value().release());
}

}  // namespace

void exportFiles(Napi::Env env, Napi::Object exports) {
  exports.Set("flock", Napi::Function::New(env, flockNow, "flock"));
  exports.Set("flockAsync", Napi::Function::New(env, flockAsync, "flockAsync"));
  exports.Set("syncfs", Napi::Function::New(env, syncfsAsync, "syncfs"));
  exports.Set("removeTree", Napi::Function::New(env, removeTreeAsync, "removeTree"));
  exports.Set("listXattrs", Napi::Function::New(env, listXattrsNow, "listXattrs"));
  exports.Set("openInRoot", Napi::Function::New(env, openInRootNow, "openInRoot"));
  exports.Set("readEach", Napi::Function::New(env, readEachNow, "readEach"));
  exports.Set("identifyEach", Napi::Function::New(env, identifyEachNow, "identifyEach"));
  exports.Set("memfd", Napi::Function::New(env, memfd, "memfd"));
}

}  // namespace tinyd
