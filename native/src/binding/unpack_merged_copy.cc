#include "binding/unpack_layer.h"
#include "binding/unpack_task.h"
#include "binding/unpack_values.h"
#include "unpack/merged_copy.h"

namespace tinyd::unpack {

napi_value startMergedCopy(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  Options options(env, argument);
  MergedCopyOptions copy;
  copy.folders = options.texts("folders");
  copy.targetDir = options.text("targetDir");
  copy.overlay = options.overlay("overlayXattr");
  if (options.failed()) return nullptr;
  return startTask(env, "tinyd copy", copyMergedFolder, std::move(copy));
}

}  // namespace tinyd::unpack
