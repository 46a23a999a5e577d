#include "model_proxy/token.hpp"

#include <openssl/crypto.h>

#include "process/role.hpp"

namespace butler::model_proxy {

std::string new_token(std::string_view key) {
  constexpr std::string_view sign_in = "sk-ant-oat";
  const bool signed_in = key.find(sign_in) != std::string_view::npos;
  return (signed_in ? std::string{sign_in} + "-" : std::string{}) + "butler-" + process::random_hex(32);
}

bool same_token(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace butler::model_proxy
