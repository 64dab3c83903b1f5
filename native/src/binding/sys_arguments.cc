#include "binding/sys_arguments.h"

#include <uv.h>

#include <climits>

namespace tinyd {

void Arguments::refuse(size_t index, const char* wanted) {
  if (ok_) {
    std::string message = "argument " + std::to_string(index + 1) + " must be " + wanted;
    Napi::TypeError::New(info_.Env(), message).ThrowAsJavaScriptException();
  }
  ok_ = false;
}

static bool toInteger(const Napi::Value& value, int& integer) {
  if (!value.IsNumber()) return false;
  double number = value.As<Napi::Number>().DoubleValue();
  if (!(number >= INT_MIN && number <= INT_MAX) || number != static_cast<int>(number)) return false;
  integer = static_cast<int>(number);
  return true;
}

/** A string that a C string can hold. */
static bool toString(const Napi::Value& value, std::string& string) {
  if (!value.IsString()) return false;
  string = value.As<Napi::String>().Utf8Value();
  return string.find('\0') == std::string::npos;
}

int Arguments::integer(size_t index) {
  int integer = 0;
  if (!toInteger(info_[index], integer)) refuse(index, "an integer");
  return integer;
}

bool Arguments::boolean(size_t index) {
  if (info_[index].IsBoolean()) return info_[index].As<Napi::Boolean>().Value();
  refuse(index, "a boolean");
  return false;
}

uint64_t Arguments::unsigned64(size_t index) {
  bool lossless = false;
  uint64_t number = 0;
  if (info_[index].IsBigInt()) number = info_[index].As<Napi::BigInt>().Uint64Value(&lossless);
  if (!lossless) refuse(index, "an unsigned 64-bit bigint");
  return number;
}

std::string Arguments::string(size_t index) {
  std::string string;
  if (!toString(info_[index], string)) refuse(index, "a string without NUL");
  return string;
}

std::vector<std::string> Arguments::strings(size_t index) {
  std::vector<std::string> list;
  if (!info_[index].IsArray()) {
    refuse(index, "an array of strings");
    return list;
  }
  Napi::Array array = info_[index].As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length() && ok_; i++) {
    std::string string;
    if (!toString(array.Get(i), string)) refuse(index, "an array of strings without NUL");
    list.push_back(std::move(string));
  }
  return list;
}

std::vector<int> Arguments::integers(size_t index) {
  std::vector<int> list;
  if (!info_[index].IsArray()) {
    refuse(index, "an array of integers");
    return list;
  }
  Napi::Array array = info_[index].As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length() && ok_; i++) {
    int integer = 0;
    if (!toInteger(array.Get(i), integer)) refuse(index, "an array of integers");
    list.push_back(integer);
  }
  return list;
}

Napi::Uint8Array Arguments::bytes(size_t index) {
  const Napi::Value value = info_[index];
  if (value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array) {
    return value.As<Napi::Uint8Array>();
  }
  refuse(index, "a Uint8Array");
  return Napi::Uint8Array();
}

Napi::Error errorOf(Napi::Env env, const Failure& failure) {
  std::string code = uv_err_name(-failure.error);
  std::string message =
      code + ": " + (failure.text.empty() ? uv_strerror(-failure.error) : failure.text) + ", " + failure.call;
  if (!failure.path.empty()) message += " '" + failure.path + "'";
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  error.Set("errno", Napi::Number::New(env, -failure.error));
  error.Set("syscall", Napi::String::New(env, failure.call));
  if (!failure.path.empty()) error.Set("path", Napi::String::New(env, failure.path));
  if (failure.messageIndex >= 0) error.Set("messageIndex", Napi::Number::New(env, failure.messageIndex));
  return error;
}

Napi::Value throwFailure(Napi::Env env, const Failure& failure) {
  errorOf(env, failure).ThrowAsJavaScriptException();
  return env.Undefined();
}

}  // namespace tinyd
