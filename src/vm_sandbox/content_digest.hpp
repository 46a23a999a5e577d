#pragma once

#include <string>
#include <string_view>

namespace butler::vm_sandbox {

/// SHA-256 of bytes that come one after the other, as 64 lower-case hexadecimal digits.
class ContentDigest {
 public:
  ContentDigest();
  ContentDigest(const ContentDigest&) = delete;
  ContentDigest& operator=(const ContentDigest&) = delete;
  ~ContentDigest();

  void add(std::string_view bytes);
  /// The digest of what was added; the next one begins anew.
  std::string finish();

 private:
  void* context_;
};

}  // namespace butler::vm_sandbox
