#pragma once
#include <functional>

#include "binding/sys_arguments.h"

namespace tinyd {

/** Runs blocking work on a worker thread; the promise resolves to undefined or rejects with the failure. */
Napi::Value runAsync(Napi::Env env, std::function<Result<Done>()> work);

}  // namespace tinyd
