{
  "variables": {
    "cxx_flags": [
      "-std=c++20", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers", "-fvisibility=hidden",
      "-fno-exceptions", "-fno-rtti", "-O2", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2"
    ],
    "c_flags": [
      "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers", "-O2",
      "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-ffunction-sections", "-fdata-sections"
    ],
    "addon_defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED"]
  },
  "target_defaults": { "default_configuration": "Release" },
  "targets": [
    {
      "target_name": "tinyd_sys",
      "sources": ["<!@(ls -1 src/binding/sys_*.cc src/sys/*.cc)", "helper/netlink.c", "helper/remove_tree.c"],
      "include_dirs": ["<!@(node -p \"require('node-addon-api').include_dir\")", "src"],
      "defines": ["<@(addon_defines)"],
      "cflags_cc!": ["-fno-rtti", "-fno-exceptions", "-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": ["<@(cxx_flags)"],
      "cflags_c": ["<@(c_flags)"]
    },
    {
      "target_name": "tinyd_unpack",
      "sources": ["<!@(find src/binding src/unpack -path '*unpack*' -name '*.cc' | sort)", "helper/remove_tree.c"],
      "include_dirs": ["src"],
      "defines": ["NAPI_VERSION=8", "_GNU_SOURCE"],
      "cflags_cc!": ["-fno-rtti", "-fno-exceptions", "-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": ["<@(cxx_flags)"],
      "cflags_c": ["<@(c_flags)"],
      "libraries": ["-ldl"]
    },
    {
      "target_name": "tinyd-init",
      "type": "executable",
      "sources": ["<!@(ls -1 helper/*.c)"],
      "cflags!": ["-fPIC", "-pthread", "-Wno-unused-parameter"],
      "cflags_c": ["<@(c_flags)"],
      "ldflags!": ["-pthread", "-rdynamic"],
      "ldflags": ["-static", "-Wl,--gc-sections", "-s"]
    },
    {
      "target_name": "tinyd-greeting",
      "type": "executable",
      "sources": ["<!@(ls -1 greeting/*.c)"],
      "cflags!": ["-fPIC", "-pthread"],
      "cflags_c": ["<@(c_flags)"],
      "ldflags!": ["-pthread", "-rdynamic"],
      "ldflags": ["-static", "-Wl,--gc-sections", "-s"]
    }
  ]
}
