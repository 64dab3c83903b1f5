#pragma once
#include <node_api.h>

namespace tinyd::unpack {

/** startUnpack(options): starts two threads and returns the object that steers them. */
napi_value startUnpack(napi_env env, napi_callback_info info);

/** settleLayer(options): works on a thread of libuv's pool and returns a promise. */
napi_value startSettle(napi_env env, napi_callback_info info);

/** copyMergedFolder(options): likewise. */
napi_value startMergedCopy(napi_env env, napi_callback_info info);

/** freeMemory(arrayBuffer): gives its memory back at once. */
napi_value freeMemory(napi_env env, napi_callback_info info);

}  // namespace tinyd::unpack
