#include <memory>

#include "binding/unpack_layer.h"
#include "binding/unpack_values.h"
#include "unpack/merged_copy.h"

namespace tinyd::unpack {

namespace {

struct CopyJob {
  MergedCopyOptions options;
  Status status;
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;
};

void execute(napi_env, void* data) {
  auto* job = static_cast<CopyJob*>(data);
  job->status = copyMergedFolder(job->options);
}

void complete(napi_env env, napi_status, void* data) {
  const std::unique_ptr<CopyJob> job(static_cast<CopyJob*>(data));
  napi_delete_async_work(env, job->work);
  if (!job->status.ok()) {
    napi_reject_deferred(env, job->deferred, makeError(env, job->status.failure()));
    return;
  }
  napi_value undefined = nullptr;
  napi_get_undefined(env, &undefined);
  napi_resolve_deferred(env, job->deferred, undefined);
}

}  // namespace

napi_value startMergedCopy(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  auto job = std::make_unique<CopyJob>();
  Options options(env, argument);
  job->options.folders = options.texts("folders");
  job->options.targetDir = options.text("targetDir");
  job->options.overlay = options.overlay("overlayXattr");
  if (options.failed()) return nullptr;

  napi_value promise = nullptr, name = nullptr;
  napi_create_string_utf8(env, "tinyd copy", NAPI_AUTO_LENGTH, &name);
  if (napi_create_async_work(env, nullptr, name, execute, complete, job.get(), &job->work) != napi_ok ||
      napi_create_promise(env, &job->deferred, &promise) != napi_ok ||
      napi_queue_async_work(env, job->work) != napi_ok) {
    napi_throw_error(env, nullptr, "cannot start to copy a folder");
    return nullptr;
  }
  job.release();
  return promise;
}

}  // namespace tinyd::unpack
