// For packages/cli/bin/tinyd: the code of a command without reading it, and an end without waiting for it.
#include "binding/sys_addon.h"
#include "binding/sys_arguments.h"
#include "sys/mapped_file.h"
#include "sys/memory_keeper.h"

// Node's headers show it to addons that take whatever is experimental; it is there, unchanged, since 18.18.
extern "C" napi_status node_api_create_external_string_latin1(napi_env env, char* text, size_t length,
                                                              napi_finalize finalize, void* hint,
                                                              napi_value* result, bool* copied);

namespace tinyd {
namespace {

Napi::Value mapTextNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  int fd = arguments.integer(0);
  if (!arguments.ok()) return info.Env().Undefined();
  Result<MappedFile> file = mapFile(fd, false);
  if (!file.ok()) return throwFailure(info.Env(), file.failure());
  napi_value text;
  bool copied;
  if (node_api_create_external_string_latin1(info.Env(), file.value().start, file.value().length, nullptr,
                                             nullptr, &text, &copied) != napi_ok) {
    return throwFailure(info.Env(), Failure{ENOMEM, "mmap"});
  }
  return Napi::Value(info.Env(), text);
}

Napi::Value mapBytesNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  int fd = arguments.integer(0);
  if (!arguments.ok()) return info.Env().Undefined();
  Result<MappedFile> file = mapFile(fd, true);
  if (!file.ok()) return throwFailure(info.Env(), file.failure());
  return Napi::Buffer<char>::New(info.Env(), file.value().start, file.value().length);
}

/** Ends this process here and now: no exit handlers of libraries, and nobody waits until its memory is given
 * back. */
Napi::Value endProcessNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  int status = arguments.integer(0);
  if (!arguments.ok()) return info.Env().Undefined();
  keepMemoryAside();
  _exit(status);
}

}  // namespace

void exportCommand(Napi::Env env, Napi::Object exports) {
  exports.Set("mapText", Napi::Function::New(env, mapTextNow, "mapText"));
  exports.Set("mapBytes", Napi::Function::New(env, mapBytesNow, "mapBytes"));
  exports.Set("endProcess", Napi::Function::New(env, endProcessNow, "endProcess"));
}

}  // namespace tinyd
