#pragma once
#include <napi.h>

namespace tinyd {

void exportDigest(Napi::Env env, Napi::Object exports);
void exportFiles(Napi::Env env, Napi::Object exports);
void exportTree(Napi::Env env, Napi::Object exports);
void exportProcesses(Napi::Env env, Napi::Object exports);
void exportNetwork(Napi::Env env, Napi::Object exports);
void exportQuota(Napi::Env env, Napi::Object exports);
void exportCommand(Napi::Env env, Napi::Object exports);

}  // namespace tinyd
