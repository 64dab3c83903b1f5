#include <node_api.h>

#include "binding/unpack_layer.h"

namespace {

void addFunction(napi_env env, napi_value exports, const char* name, napi_callback call) {
  napi_value function = nullptr;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function) == napi_ok) {
    napi_set_named_property(env, exports, name, function);
  }
}

}  // namespace

NAPI_MODULE_INIT() {
  addFunction(env, exports, "startUnpack", tinyd::unpack::startUnpack);
  addFunction(env, exports, "settleLayer", tinyd::unpack::startSettle);
  addFunction(env, exports, "copyMergedFolder", tinyd::unpack::startMergedCopy);
  addFunction(env, exports, "freeMemory", tinyd::unpack::freeMemory);
  return exports;
}
