#pragma once
#include <node_api.h>

#include <optional>
#include <string>
#include <vector>

#include "unpack/overlay_marks.h"
#include "unpack/status.h"

namespace tinyd::unpack {

/**
 * Reads the options of a call. The first thing that is wrong leaves a TypeError pending; reads after it
 * return empty values, so that one check of failed() at the end is enough.
 */
class Options {
 public:
  Options(napi_env env, napi_value object);

  int descriptor(const char* name);
  /** A whole number from 0 to 2^53 - 1. */
  uint64_t count(const char* name);
  std::optional<uint64_t> optionalCount(const char* name);
  /** Without NUL. */
  std::string text(const char* name);
  std::vector<std::string> texts(const char* name);
  std::vector<std::string> buffers(const char* name);
  OverlayXattr overlay(const char* name);
  /** The elements of an array of objects. */
  std::vector<Options> objects(const char* name);
  /** Bytes without NUL. */
  std::string buffer(const char* name);

  bool failed() const;

 private:
  napi_value get(const char* name);
  std::vector<napi_value> elements(const char* name);
  void refuse(const char* name, const char* expected);
  std::string textOf(napi_value value, const char* name);
  std::string bufferOf(napi_value value, const char* name);

  napi_env env_;
  napi_value object_;
};

/** Reads a whole number from 0 to 2^53 - 1. */
bool readCount(napi_env env, napi_value value, uint64_t* count);

/** An Error with `code`, and for system calls `errno`, `syscall` and `path` as Node's own have them. */
napi_value makeError(napi_env env, const Failure& failure);

napi_value makeNumber(napi_env env, uint64_t number);
napi_value makeBuffer(napi_env env, const std::string& bytes);

/** Sets a property; nothing happens when `value` is null or an exception is pending. */
void setProperty(napi_env env, napi_value object, const char* name, napi_value value);

}  // namespace tinyd::unpack
