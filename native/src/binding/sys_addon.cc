#include "binding/sys_addon.h"

static Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  tinyd::exportDigest(env, exports);
  tinyd::exportFiles(env, exports);
  tinyd::exportTree(env, exports);
  tinyd::exportProcesses(env, exports);
  tinyd::exportNetwork(env, exports);
  tinyd::exportQuota(env, exports);
  tinyd::exportCommand(env, exports);
  return exports;
}

NODE_API_MODULE(tinyd_sys, initialise)
