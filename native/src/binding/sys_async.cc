#include "binding/sys_async.h"

namespace tinyd {
namespace {

class Work : public Napi::AsyncWorker {
 public:
  Work(Napi::Env env, std::function<Result<Done>()> work)
      : Napi::AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)), work_(std::move(work)) {}
  Napi::Promise promise() {
    return deferred_.Promise();
  }
  void Execute() override {
    result_ = work_();
  }
  void OnOK() override {
    if (result_.ok()) {
      deferred_.Resolve(Env().Undefined());
    } else {
      deferred_.Reject(errorOf(Env(), result_.failure()).Value());
    }
  }

 private:
  Napi::Promise::Deferred deferred_;
  std::function<Result<Done>()> work_;
  Result<Done> result_{Done{}};
};

}  // namespace

Napi::Value runAsync(Napi::Env env, std::function<Result<Done>()> work) {
  Work* worker = new Work(env, std::move(work));  // deletes itself when done
  Napi::Promise promise = worker->promise();
  worker->Queue();
  return promise;
}

}  // namespace tinyd
