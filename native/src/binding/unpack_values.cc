#include "binding/unpack_values.h"

#include <uv.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>

namespace tinyd::unpack {

namespace {

constexpr double kMaxSafeInteger = 9007199254740991.0;
/** More layers, folders or links than any image has; keeps a wrong length from claiming memory. */
constexpr uint32_t kMaxElements = 16 * 1024 * 1024;

bool isPending(napi_env env) {
  bool pending = true;
  return napi_is_exception_pending(env, &pending) != napi_ok || pending;
}

napi_value makeText(napi_env env, const std::string& text) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, text.data(), text.size(), &value);
  return value;
}

}  // namespace

Options::Options(napi_env env, napi_value object) : env_(env), object_(object) {
  napi_valuetype type = napi_undefined;
  if (object == nullptr || napi_typeof(env, object, &type) != napi_ok || type != napi_object) {
    object_ = nullptr;
    refuse("options", "an object");
  }
}

bool Options::failed() const {
  return isPending(env_);
}

void Options::refuse(const char* name, const char* expected) {
  if (isPending(env_)) return;
  napi_throw_type_error(env_, "ERR_INVALID_ARG_TYPE", (std::string(name) + " must be " + expected).c_str());
}

napi_value Options::get(const char* name) {
  napi_value value = nullptr;
  if (isPending(env_) || object_ == nullptr) return nullptr;
  return napi_get_named_property(env_, object_, name, &value) == napi_ok ? value : nullptr;
}

bool readCount(napi_env env, napi_value value, uint64_t* count) {
  double number = 0;
  if (value == nullptr || napi_get_value_double(env, value, &number) != napi_ok) return false;
  if (!(number >= 0) || number > kMaxSafeInteger || std::floor(number) != number) return false;
  *count = static_cast<uint64_t>(number);
  return true;
}

uint64_t Options::count(const char* name) {
  uint64_t number = 0;
  if (!readCount(env_, get(name), &number)) refuse(name, "a whole number, not negative");
  return number;
}

int Options::descriptor(const char* name) {
  const uint64_t number = count(name);
  if (number > INT32_MAX) refuse(name, "a file descriptor");
  return static_cast<int>(number);
}

std::optional<uint64_t> Options::optionalCount(const char* name) {
  const napi_value value = get(name);
  napi_valuetype type = napi_undefined;
  if (value == nullptr || napi_typeof(env_, value, &type) != napi_ok || type == napi_undefined) return {};
  return count(name);
}

std::string Options::textOf(napi_value value, const char* name) {
  size_t length = 0;
  if (value == nullptr || napi_get_value_string_utf8(env_, value, nullptr, 0, &length) != napi_ok) {
    refuse(name, "a string");
    return {};
  }
  std::string text(length + 1, '\0');
  napi_get_value_string_utf8(env_, value, text.data(), text.size(), &length);
  text.resize(length);
  if (text.find('\0') != std::string::npos) refuse(name, "a string without null bytes");
  return text;
}

std::string Options::text(const char* name) {
  return textOf(get(name), name);
}

std::string Options::bufferOf(napi_value value, const char* name) {
  void* data = nullptr;
  size_t length = 0;
  bool isBuffer = false;
  if (value == nullptr || napi_is_buffer(env_, value, &isBuffer) != napi_ok || !isBuffer ||
      napi_get_buffer_info(env_, value, &data, &length) != napi_ok) {
    refuse(name, "a Buffer");
    return {};
  }
  std::string bytes(length > 0 ? static_cast<const char*>(data) : "", length);
  if (bytes.find('\0') != std::string::npos) refuse(name, "a Buffer without null bytes");
  return bytes;
}

std::string Options::buffer(const char* name) {
  return bufferOf(get(name), name);
}

std::vector<napi_value> Options::elements(const char* name) {
  const napi_value array = get(name);
  bool isArray = false;
  uint32_t length = 0;
  if (array == nullptr || napi_is_array(env_, array, &isArray) != napi_ok || !isArray ||
      napi_get_array_length(env_, array, &length) != napi_ok || length > kMaxElements) {
    refuse(name, "an array");
    return {};
  }
  std::vector<napi_value> values;
  for (uint32_t i = 0; i < length; i++) {
    napi_value value = nullptr;
    if (napi_get_element(env_, array, i, &value) != napi_ok) return {};
    values.push_back(value);
  }
  return values;
}

std::vector<std::string> Options::texts(const char* name) {
  std::vector<std::string> texts;
  for (napi_value value : elements(name)) texts.push_back(textOf(value, name));
  return texts;
}

std::vector<std::string> Options::buffers(const char* name) {
  std::vector<std::string> buffers;
  for (napi_value value : elements(name)) buffers.push_back(bufferOf(value, name));
  return buffers;
}

std::vector<Options> Options::objects(const char* name) {
  std::vector<Options> objects;
  for (napi_value value : elements(name)) objects.emplace_back(env_, value);
  return objects;
}

OverlayXattr Options::overlay(const char* name) {
  const std::string word = text(name);
  if (word != "trusted" && word != "user") refuse(name, "trusted or user");
  return word == "user" ? OverlayXattr::kUser : OverlayXattr::kTrusted;
}

napi_value makeNumber(napi_env env, uint64_t number) {
  napi_value value = nullptr;
  napi_create_double(env, static_cast<double>(number), &value);
  return value;
}

napi_value makeBuffer(napi_env env, const std::string& bytes) {
  napi_value value = nullptr;
  napi_create_buffer_copy(env, bytes.size(), bytes.data(), nullptr, &value);
  return value;
}

void setProperty(napi_env env, napi_value object, const char* name, napi_value value) {
  if (object != nullptr && value != nullptr) napi_set_named_property(env, object, name, value);
}

namespace {

/** libuv names the errors that Node meets; a full quota (EDQUOT) and others it does not know. */
bool isKnownToLibuv(int error) {
  return !std::string_view(uv_err_name(-error)).starts_with("Unknown");
}

std::string errorName(int error) {
#ifdef __GLIBC__
  if (const char* name = strerrorname_np(error); name != nullptr && !isKnownToLibuv(error)) return name;
#endif
  return uv_err_name(-error);
}

/** As Node shows paths, unless an archive's author has put control bytes into one. */
std::string shownPath(const std::string& path) {
  const auto isControl = [](char byte) { return (byte >= 0 && byte < 0x20) || byte == 0x7f; };
  return std::any_of(path.begin(), path.end(), isControl) ? quoted(path) : "'" + path + "'";
}

std::string errorText(int error) {
#ifdef __GLIBC__
  if (const char* text = strerrordesc_np(error); text != nullptr && !isKnownToLibuv(error)) return text;
#endif
  return uv_strerror(-error);
}

}  // namespace

napi_value makeError(napi_env env, const Failure& failure) {
  const bool isSystem = failure.code == Code::kSystem;
  const std::string code = isSystem ? errorName(failure.error) : codeName(failure.code);
  std::string message = failure.message;
  if (isSystem) {
    const std::string doing = message.empty() ? "" : " (" + message + ")";
    message = code + ": " + errorText(failure.error) + ", " + failure.call + doing;
    if (!failure.path.empty()) message += " " + shownPath(failure.path);
  }
  napi_value error = nullptr;
  napi_create_error(env, makeText(env, code), makeText(env, message), &error);
  if (!isSystem) return error;
  napi_value number = nullptr;
  napi_create_int32(env, -failure.error, &number);
  setProperty(env, error, "errno", number);
  setProperty(env, error, "syscall", makeText(env, failure.call));
  if (!failure.path.empty()) setProperty(env, error, "path", makeText(env, failure.path));
  return error;
}

}  // namespace tinyd::unpack
