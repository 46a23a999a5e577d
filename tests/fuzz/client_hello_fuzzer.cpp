#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "egress/client_hello.hpp"
#include "egress/host_name.hpp"

using butler::egress::FirstBytes;
using butler::egress::parse_host;
using butler::egress::read_first_bytes;

/// What is decided stays so, whatever else comes; fewer bytes never show another host; a host that is taken
/// is written in its one spelling.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto whole = read_first_bytes(bytes);
  const auto half = read_first_bytes(bytes.substr(0, size / 2));
  if (half.kind != FirstBytes::Kind::unfinished && half != whole) std::abort();
  if (whole.kind != FirstBytes::Kind::hello && whole.server_name) std::abort();
  const std::string server_name = whole.server_name.value_or("");
  for (const std::string_view name : {std::string_view{server_name}, bytes}) {
    const auto host = parse_host(name);
    if (!host) continue;
    const auto again = parse_host(host->host);
    if (!again || *again != *host) std::abort();
  }
  return 0;
}
