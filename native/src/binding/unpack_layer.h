#pragma once
#include <node_api.h>

namespace tinyd::unpack {

/** startUnpack(options): starts two threads and returns the object that steers them. */
napi_value startUnpack(napi_env env, napi_callback_info info);

}  // namespace tinyd::unpack
