#include "binding/unpack_layer.h"

#include "binding/unpack_values.h"
#include "unpack/layer_unpack.h"

namespace tinyd::unpack {

namespace {

/** Proves that an object is one of ours before its pointer is believed. */
constexpr napi_type_tag kLayerTag = {0x6f2ad14c8d5b4c1e, 0x9b7703d1c0a2e85f};

/** One running unpack. Owned by its JavaScript object and, until it ends, by its thread-safe function. */
struct Job {
  /** Gone once the layer has ended: its descriptors and buffers do not wait for the garbage collector. */
  std::unique_ptr<LayerUnpack> unpack;
  uint64_t consumed = 0;
  napi_deferred deferred = nullptr;
  napi_threadsafe_function done = nullptr;
};
using JobOwner = std::shared_ptr<Job>;

napi_value makeBuffers(napi_env env, const std::vector<std::string>& all) {
  napi_value array = nullptr;
  napi_create_array(env, &array);
  uint32_t index = 0;
  for (const std::string& bytes : all) {
    // As many handles as there are elements would stay until the callback returns.
    napi_handle_scope scope = nullptr;
    napi_open_handle_scope(env, &scope);
    napi_set_element(env, array, index++, makeBuffer(env, bytes));
    napi_close_handle_scope(env, scope);
  }
  return array;
}

napi_value makeResult(napi_env env, LayerResult& result) {
  napi_value object = nullptr, links = nullptr, compression = nullptr;
  napi_create_object(env, &object);
  setProperty(env, object, "entries", makeNumber(env, result.summary.entries));
  setProperty(env, object, "contentBytes", makeNumber(env, result.summary.contentBytes));
  setProperty(env, object, "tarBytes", makeNumber(env, result.tarBytes));
  napi_create_string_utf8(env, compressionName(result.compression), NAPI_AUTO_LENGTH, &compression);
  setProperty(env, object, "compression", compression);
  setProperty(env, object, "impliedDirs", makeBuffers(env, result.summary.impliedDirs));
  setProperty(env, object, "whiteouts", makeBuffers(env, result.summary.whiteouts));
  napi_create_array(env, &links);
  uint32_t index = 0;
  for (const LayerSummary::Link& link : result.summary.pendingLinks) {
    napi_value pair = nullptr;
    napi_create_object(env, &pair);
    setProperty(env, pair, "path", makeBuffer(env, link.path));
    setProperty(env, pair, "target", makeBuffer(env, link.target));
    napi_set_element(env, links, index++, pair);
  }
  setProperty(env, object, "pendingLinks", links);
  return object;
}

/** The environment ends before the layer does: nobody waits any more, and no thread may stay. */
void stopWithEnvironment(void* data) {
  static_cast<Job*>(data)->unpack.reset();
}

/** On the JavaScript thread, after both native threads have done their last act. */
void settlePromise(napi_env env, napi_value, void* context, void*) {
  // The environment has ended; stopWithEnvironment() has seen to the threads, and the context may be gone.
  if (env == nullptr) return;
  Job* job = static_cast<JobOwner*>(context)->get();
  const std::unique_ptr<LayerUnpack> unpack = std::move(job->unpack);
  if (!unpack) return;
  unpack->join();
  job->consumed = unpack->consumed();
  napi_remove_env_cleanup_hook(env, stopWithEnvironment, job);
  LayerResult result = std::move(unpack->result());
  const Status status = std::move(unpack->status());
  if (status.ok()) {
    napi_resolve_deferred(env, job->deferred, makeResult(env, result));
  } else {
    napi_reject_deferred(env, job->deferred, makeError(env, status.failure()));
  }
}

void releaseContext(napi_env, void*, void* context) {
  delete static_cast<JobOwner*>(context);
}

void releaseWrapped(napi_env, void* data, void*) {
  delete static_cast<JobOwner*>(data);
}

/** The job behind `this`; null with a TypeError pending when there is none. */
Job* receiver(napi_env env, napi_callback_info info, size_t* count, napi_value* arguments) {
  napi_value self = nullptr;
  napi_valuetype type = napi_undefined;
  bool isLayer = false;
  void* data = nullptr;
  if (napi_get_cb_info(env, info, count, arguments, &self, nullptr) == napi_ok &&
      napi_typeof(env, self, &type) == napi_ok && type == napi_object &&
      napi_check_object_type_tag(env, self, &kLayerTag, &isLayer) == napi_ok && isLayer &&
      napi_unwrap(env, self, &data) == napi_ok) {
    return static_cast<JobOwner*>(data)->get();
  }
  napi_throw_type_error(env, "ERR_INVALID_THIS", "the receiver is not a layer that is being unpacked");
  return nullptr;
}

napi_value advance(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  Job* job = receiver(env, info, &count, &argument);
  uint64_t available = 0;
  if (job == nullptr) return nullptr;
  if (count < 1 || !readCount(env, argument, &available)) {
    napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "availableBytes must be a whole number, not negative");
    return nullptr;
  }
  if (job->unpack) job->unpack->advance(available);
  return nullptr;
}

napi_value abort(napi_env env, napi_callback_info info) {
  size_t count = 0;
  Job* job = receiver(env, info, &count, nullptr);
  if (job != nullptr && job->unpack) job->unpack->abort();
  return nullptr;
}

napi_value consumed(napi_env env, napi_callback_info info) {
  size_t count = 0;
  Job* job = receiver(env, info, &count, nullptr);
  if (job == nullptr) return nullptr;
  return makeNumber(env, job->unpack ? job->unpack->consumed() : job->consumed);
}

napi_value makeHandle(napi_env env, const JobOwner& job, napi_value promise) {
  const auto method = [](const char* name, napi_callback call) {
    return napi_property_descriptor{name, nullptr, call, nullptr, nullptr, nullptr, napi_enumerable, nullptr};
  };
  const napi_property_descriptor properties[] = {
      method("advance", advance),
      method("abort", abort),
      method("consumed", consumed),
      {"result", nullptr, nullptr, nullptr, nullptr, promise, napi_enumerable, nullptr}};
  napi_value handle = nullptr;
  auto* owner = new JobOwner(job);
  if (napi_create_object(env, &handle) == napi_ok &&
      napi_define_properties(env, handle, std::size(properties), properties) == napi_ok &&
      napi_wrap(env, handle, owner, releaseWrapped, nullptr, nullptr) == napi_ok) {
    napi_type_tag_object(env, handle, &kLayerTag);
    return handle;
  }
  delete owner;
  return nullptr;
}

}  // namespace

napi_value startUnpack(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  Options options(env, argument);
  LayerOptions layer;
  layer.blobFd = options.descriptor("blobFd");
  layer.blobSize = options.count("blobSize");
  layer.blobDigest = options.text("blobDigest");
  layer.diffId = options.text("diffId");
  layer.targetDir = options.text("targetDir");
  layer.overlay = options.overlay("overlayXattr");
  layer.limitBytes = options.optionalCount("limitBytes").value_or(UINT64_MAX);
  if (options.failed()) return nullptr;

  const auto job = std::make_shared<Job>();
  job->unpack = std::make_unique<LayerUnpack>(std::move(layer));
  napi_value promise = nullptr, name = nullptr;
  auto* context = new JobOwner(job);
  napi_create_string_utf8(env, "tinyd unpack", NAPI_AUTO_LENGTH, &name);
  if (napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, releaseContext, context,
                                      settlePromise, &job->done) != napi_ok) {
    delete context;
    napi_throw_error(env, nullptr, "cannot create a thread-safe function");
    return nullptr;
  }
  napi_create_promise(env, &job->deferred, &promise);
  const napi_value handle = makeHandle(env, job, promise);
  // Hooks run last one first: threads are gone before the thread-safe function is.
  napi_add_env_cleanup_hook(env, stopWithEnvironment, job.get());
  const napi_threadsafe_function done = job->done;
  const Status started = job->unpack->start([done] {
    if (napi_call_threadsafe_function(done, nullptr, napi_tsfn_nonblocking) != napi_closing) {
      napi_release_threadsafe_function(done, napi_tsfn_release);
    }
  });
  if (started.ok()) return handle;
  napi_remove_env_cleanup_hook(env, stopWithEnvironment, job.get());
  job->unpack.reset();
  napi_reject_deferred(env, job->deferred, makeError(env, started.failure()));
  napi_release_threadsafe_function(done, napi_tsfn_abort);
  return handle;
}

}  // namespace tinyd::unpack
