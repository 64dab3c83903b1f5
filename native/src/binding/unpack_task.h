#ifndef TINYD_BINDING_UNPACK_TASK_H
#define TINYD_BINDING_UNPACK_TASK_H

#include <node_api.h>

#include <memory>
#include <utility>

#include "binding/unpack_values.h"

namespace tinyd::unpack {

/** Work on a thread of the pool that ends well or with a failure, and the promise that tells. */
template <typename TaskOptions>
struct Task {
  TaskOptions options;
  Status (*action)(const TaskOptions&);
  Status status;
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;

  static void execute(napi_env, void* data) {
    auto* task = static_cast<Task*>(data);
    task->status = task->action(task->options);
  }

  static void complete(napi_env env, napi_status, void* data) {
    const std::unique_ptr<Task> task(static_cast<Task*>(data));
    napi_delete_async_work(env, task->work);
    if (!task->status.ok()) {
      napi_reject_deferred(env, task->deferred, makeError(env, task->status.failure()));
      return;
    }
    napi_value undefined = nullptr;
    napi_get_undefined(env, &undefined);
    napi_resolve_deferred(env, task->deferred, undefined);
  }
};

/** Starts the work and returns its promise. `name` is what tracing tools show. */
template <typename TaskOptions>
napi_value startTask(napi_env env, const char* name, Status (*action)(const TaskOptions&),
                     TaskOptions options) {
  auto task = std::make_unique<Task<TaskOptions>>();
  task->options = std::move(options);
  task->action = action;
  napi_value promise = nullptr, resource = nullptr;
  napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &resource);
  if (napi_create_async_work(env, nullptr, resource, Task<TaskOptions>::execute, Task<TaskOptions>::complete,
                             task.get(), &task->work) != napi_ok ||
      napi_create_promise(env, &task->deferred, &promise) != napi_ok ||
      napi_queue_async_work(env, task->work) != napi_ok) {
    napi_throw_error(env, nullptr, "cannot start work on a thread");
    return nullptr;
  }
  task.release();
  return promise;
}

}  // namespace tinyd::unpack

#endif
