#include <fcntl.h>
#include <sys/file.h>

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

Napi::Value readEachNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  std::string folder = arguments.string(0);
  std::vector<std::string> names = arguments.strings(1);
  std::string file = arguments.string(2);
  if (!arguments.ok()) return info.Env().Undefined();
  Napi::Array texts = Napi::Array::New(info.Env(), names.size());
  Fd base(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!base.valid()) return throwFailure(info.Env(), lastFailure("open", folder));
  for (uint32_t i = 0; i < names.size(); i++) {
    const std::string name = names[i] + "/" + file;
    Napi::HandleScope scope(info.Env());
    Result<std::optional<std::string>> text = readFileIn(base.get(), name);
    if (!text.ok()) {
      Failure failure = text.failure();
      failure.path = folder + "/" + name;
      return throwFailure(info.Env(), failure);
    }
    texts.Set(
        i, text.value() ? Napi::Value(Napi::String::New(info.Env(), *text.value())) : info.Env().Undefined());
  }
  return texts;
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
  exports.Set("memfd", Napi::Function::New(env, memfd, "memfd"));
}

}  // namespace tinyd
