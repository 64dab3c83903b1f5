#include "binding/unpack_layer.h"

namespace tinyd::unpack {

napi_value freeMemory(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value buffer = nullptr;
  napi_get_cb_info(env, info, &count, &buffer, nullptr, nullptr);
  bool isBuffer = false;
  if (count < 1 || napi_is_arraybuffer(env, buffer, &isBuffer) != napi_ok || !isBuffer ||
      napi_detach_arraybuffer(env, buffer) != napi_ok) {
    napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "memory must be an ArrayBuffer of its own");
  }
  return nullptr;
}

}  // namespace tinyd::unpack
