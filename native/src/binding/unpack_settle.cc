#include "binding/unpack_layer.h"
#include "binding/unpack_task.h"
#include "binding/unpack_values.h"
#include "unpack/layer_settle.h"

namespace tinyd::unpack {

napi_value startSettle(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  Options options(env, argument);
  SettleOptions settle;
  settle.targetDir = options.text("targetDir");
  settle.lowerDirs = options.texts("lowerDirs");
  settle.impliedDirs = options.buffers("impliedDirs");
  settle.whiteouts = options.buffers("whiteouts");
  for (Options& link : options.objects("pendingLinks")) {
    settle.pendingLinks.push_back({link.buffer("path"), link.buffer("target")});
  }
  settle.overlay = options.overlay("overlayXattr");
  if (options.failed()) return nullptr;
  return startTask(env, "tinyd settle", settleLayer, std::move(settle));
}

}  // namespace tinyd::unpack
