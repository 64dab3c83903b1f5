#include "binding/sys_addon.h"
#include "binding/sys_arguments.h"
#include "sys/launch.h"
#include "sys/process_stat.h"
#include "sys/report.h"
#include "sys/signal_process.h"
#include "sys/sockets.h"

namespace tinyd {
namespace {

Napi::Value socketpairNow(const Napi::CallbackInfo& info) {
  Result<std::pair<Fd, Fd>> result = socketPair();
  if (!result.ok()) return throwFailure(info.Env(), result.failure());
  Napi::Array pair = Napi::Array::New(info.Env(), 2);
  pair.Set(0u, Napi::Number::New(info.Env(), result.value().first.release()));
  pair.Set(1u, Napi::Number::New(info.Env(), result.value().second.release()));
  return pair;
}

Napi::Value connectUnixNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  std::string path = arguments.string(0);
  if (!arguments.ok()) return info.Env().Undefined();
  Result<Fd> result = connectUnix(path);
  if (!result.ok()) return throwFailure(info.Env(), result.failure());
  return Napi::Number::New(info.Env(), result.value().release());
}

Launch readLaunch(Arguments& arguments) {
  return Launch{arguments.string(0), arguments.strings(1), arguments.strings(2), arguments.integers(3)};
}

Napi::Value spawnDetachedNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Launch launch = readLaunch(arguments);
  bool sealed = arguments.boolean(4);
  if (!arguments.ok()) return info.Env().Undefined();
  Result<Done> result = spawnDetached(launch, sealed);
  if (!result.ok()) return throwFailure(info.Env(), result.failure());
  return info.Env().Undefined();
}

Napi::Value replaceProcessNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  Launch launch = readLaunch(arguments);
  if (!arguments.ok()) return info.Env().Undefined();
  return throwFailure(info.Env(), replaceProcess(launch));
}

Napi::Value signalProcessNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  int pid = arguments.integer(0);
  uint64_t startTicks = arguments.unsigned64(1);
  int signal = arguments.integer(2);
  if (!arguments.ok()) return info.Env().Undefined();
  Result<bool> result = signalProcess(pid, startTicks, signal);
  if (!result.ok()) return throwFailure(info.Env(), result.failure());
  return Napi::Boolean::New(info.Env(), result.value());
}

Napi::Value startTicksOfEachNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  std::vector<int> pids = arguments.integers(0);
  if (!arguments.ok()) return info.Env().Undefined();
  Napi::Array ticks = Napi::Array::New(info.Env(), pids.size());
  for (uint32_t i = 0; i < pids.size(); i++) {
    Napi::HandleScope scope(info.Env());
    std::optional<ProcessStat> stat = readProcessStat(pids[i]);
    if (!stat.has_value() || stat->state == 'Z' || stat->state == 'X') continue;
    ticks.Set(i, Napi::String::New(info.Env(), std::to_string(stat->startTicks)));
  }
  return ticks;
}

Napi::Value readReportNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  int fd = arguments.integer(0);
  if (!arguments.ok()) return info.Env().Undefined();
  Result<std::string> result = readReport(fd);
  if (!result.ok()) return throwFailure(info.Env(), result.failure());
  return Napi::Buffer<char>::Copy(info.Env(), result.value().data(), result.value().size());
}

}  // namespace

void exportProcesses(Napi::Env env, Napi::Object exports) {
  exports.Set("socketpair", Napi::Function::New(env, socketpairNow, "socketpair"));
  exports.Set("connectUnix", Napi::Function::New(env, connectUnixNow, "connectUnix"));
  exports.Set("spawnDetached", Napi::Function::New(env, spawnDetachedNow, "spawnDetached"));
  exports.Set("replaceProcess", Napi::Function::New(env, replaceProcessNow, "replaceProcess"));
  exports.Set("signalProcess", Napi::Function::New(env, signalProcessNow, "signalProcess"));
  exports.Set("startTicksOfEach", Napi::Function::New(env, startTicksOfEachNow, "startTicksOfEach"));
  exports.Set("readReport", Napi::Function::New(env, readReportNow, "readReport"));
}

}  // namespace tinyd
