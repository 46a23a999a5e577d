#pragma once

#include <unistd.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

/// For tests of other modules that talk TLS without a certificate that counts.
namespace butler::http::test {

namespace ssl = boost::asio::ssl;

/// A certificate that nobody has to trust, made once.
class SelfSigned {
 public:
  SelfSigned() {
    std::string pattern = std::filesystem::temp_directory_path() / "butler-tls-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    const std::string line =
        "cd '" + folder_.string() +
        "' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
        " -subj /CN=server -keyout key.pem -out cert.pem 2>/dev/null";
    if (std::system(line.c_str()) != 0) throw std::runtime_error("openssl failed");
  }
  ~SelfSigned() { std::filesystem::remove_all(folder_); }

  std::filesystem::path certificate_file() const { return folder_ / "cert.pem"; }
  std::filesystem::path key_file() const { return folder_ / "key.pem"; }

  void use(ssl::context& context) const {
    context.use_certificate_chain_file(folder_ / "cert.pem");
    context.use_private_key_file(folder_ / "key.pem", ssl::context::pem);
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace butler::http::test
