#include "binding/sys_addon.h"
#include "binding/sys_arguments.h"
#include "sys/quota.h"

namespace tinyd {
namespace {

Napi::Value projectQuotaStateNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  int file = arguments.integer(0);
  if (!arguments.ok()) return info.Env().Undefined();
  Result<QuotaState> result = projectQuotaState(file);
  if (!result.ok()) return throwFailure(info.Env(), result.failure());
  Napi::Object state = Napi::Object::New(info.Env());
  state.Set("counts", result.value().counts);
  state.Set("limits", result.value().limits);
  return state;
}

Napi::Value projectQuotaNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  int file = arguments.integer(0);
  int project = arguments.integer(1);
  if (!arguments.ok()) return info.Env().Undefined();
  Result<ProjectQuota> result = projectQuota(file, static_cast<uint32_t>(project));
  if (!result.ok()) return throwFailure(info.Env(), result.failure());
  Napi::Object quota = Napi::Object::New(info.Env());
  quota.Set("limitBytes", static_cast<double>(result.value().limit));
  quota.Set("usedBytes", static_cast<double>(result.value().used));
  return quota;
}

Napi::Value setProjectQuotaNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  int file = arguments.integer(0);
  int project = arguments.integer(1);
  uint64_t bytes = arguments.unsigned64(2);
  if (!arguments.ok()) return info.Env().Undefined();
  Result<Done> result = setProjectQuota(file, static_cast<uint32_t>(project), bytes);
  if (!result.ok()) return throwFailure(info.Env(), result.failure());
  return info.Env().Undefined();
}

Napi::Value setProjectNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  int folder = arguments.integer(0);
  int project = arguments.integer(1);
  if (!arguments.ok()) return info.Env().Undefined();
  Result<Done> result = setProject(folder, static_cast<uint32_t>(project));
  if (!result.ok()) return throwFailure(info.Env(), result.failure());
  return info.Env().Undefined();
}

}  // namespace

void exportQuota(Napi::Env env, Napi::Object exports) {
  exports.Set("projectQuotaState", Napi::Function::New(env, projectQuotaStateNow, "projectQuotaState"));
  exports.Set("projectQuota", Napi::Function::New(env, projectQuotaNow, "projectQuota"));
  exports.Set("setProjectQuota", Napi::Function::New(env, setProjectQuotaNow, "setProjectQuota"));
  exports.Set("setProject", Napi::Function::New(env, setProjectNow, "setProject"));
}

}  // namespace tinyd
