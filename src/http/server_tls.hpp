#pragma once

#include <boost/asio/ssl/context.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "domain/timestamp.hpp"

namespace butler::http {

/// A server's certificate and key, ready for handshakes: TLS 1.2 and 1.3, nothing older. Read once; a renewed
/// certificate needs a new start.
class ServerTls {
 public:
  /// Reads PEM files: the certificate with its chain, the server's own first, and its key without a password,
  /// which may be its owner's and for a group to read, and nobody else's.
  /// Throws std::runtime_error with a sentence that names the file and what is wrong with it.
  static std::shared_ptr<ServerTls> from_files(const std::filesystem::path& certificate,
                                               const std::filesystem::path& key);

  boost::asio::ssl::context& context() { return context_; }
  /// The certificate's file as it was read.
  const std::string& certificate_text() const { return certificate_text_; }
  /// True when nobody else has signed the certificate: who shall trust it has to be given it.
  bool is_self_signed() const { return self_signed_; }
  /// From when on clients refuse the certificate.
  domain::Timestamp expires() const { return expires_; }
  /// Whether the certificate is for this name or numeric address, as a client would judge.
  bool is_for(const std::string& host);

 private:
  ServerTls() : context_(boost::asio::ssl::context::tls_server) {}

  boost::asio::ssl::context context_;
  std::string certificate_text_;
  bool self_signed_ = false;
  domain::Timestamp expires_{};
};

}  // namespace butler::http
