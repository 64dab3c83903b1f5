#pragma once
#include "binding/sys_arguments.h"
#include "sys/files.h"

namespace tinyd {

/** The attributes as an array of {name, value}, or the failure as a pending exception. */
inline Napi::Value xattrsOrThrow(Napi::Env env, Result<std::vector<Xattr>> result) {
  if (!result.ok()) return throwFailure(env, result.failure());
  Napi::Array list = Napi::Array::New(env, result.value().size());
  uint32_t index = 0;
  for (const Xattr& xattr : result.value()) {
    Napi::Object item = Napi::Object::New(env);
    item.Set("name", Napi::String::New(env, xattr.name));
    item.Set("value", Napi::Buffer<char>::Copy(env, xattr.value.data(), xattr.value.size()));
    list.Set(index++, item);
  }
  return list;
}

}  // namespace tinyd
