#include "http/server_tls.hpp"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <ctime>
#include <stdexcept>
#include <utility>

#include "files/small_file.hpp"

namespace butler::http {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

namespace {

[[noreturn]] void fail_file(const std::filesystem::path& file, const std::string& why) {
  throw std::runtime_error(file.string() + ": " + why);
}

constexpr std::size_t longest_file = std::size_t{1} << 20U;

/// Never waits, whatever lies there. A link may lead to it: whoever renews certificates works with links.
files::SmallFile read_pem(const std::filesystem::path& file) {
  auto found = files::read_small_file(file, longest_file);
  if (!found) fail_file(file, "cannot be read (" + found.error().message() + ")");
  return *std::move(found);
}

/// A group may read it: that is how a system shares a key with those who serve.
void require_closed(const std::filesystem::path& key, mode_t mode) {
  if ((mode & (S_IRWXO | S_IWGRP)) == 0) return;
  fail_file(key, "is a key that other users may read or change; run: chmod o=,g-w on it");
}

bool signed_by_itself(SSL_CTX* context) {
  X509* const own = SSL_CTX_get0_certificate(context);
  return own != nullptr && X509_check_issued(own, own) == X509_V_OK;
}

domain::Timestamp end_of_validity(SSL_CTX* context) {
  std::tm time{};
  const X509* const own = SSL_CTX_get0_certificate(context);
  if (own == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(own), &time) != 1) return {};
  return domain::Timestamp{std::chrono::seconds{::timegm(&time)}};
}

}  // namespace

bool ServerTls::is_for(const std::string& host) {
  boost::system::error_code not_numeric;
  boost::asio::ip::make_address(host, not_numeric);
  X509* const own = SSL_CTX_get0_certificate(context_.native_handle());
  if (own == nullptr) return false;
  if (!not_numeric) return X509_check_ip_asc(own, host.c_str(), 0) == 1;
  return X509_check_host(own, host.c_str(), host.size(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) == 1;
}

std::shared_ptr<ServerTls> ServerTls::from_files(const std::filesystem::path& certificate,
                                                 const std::filesystem::path& key) {
  std::shared_ptr<ServerTls> tls{new ServerTls};
  SSL_CTX* const native = tls->context_.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);  // an idle connection needs none
  SSL_CTX_set_default_passwd_cb(native, [](char*, int, int, void*) { return 0; });  // never ask a terminal

  tls->certificate_text_ = read_pem(certificate).text;
  error_code error;
  tls->context_.use_certificate_chain(boost::asio::buffer(tls->certificate_text_), error);
  if (error) fail_file(certificate, "holds no certificate in PEM form (" + error.message() + ")");
  const auto key_file = read_pem(key);
  tls->context_.use_private_key(boost::asio::buffer(key_file.text), ssl::context::pem, error);
  if (error || SSL_CTX_check_private_key(native) != 1) {
    fail_file(key, "holds no key, without a password, of the certificate in " + certificate.string());
  }
  require_closed(key, key_file.mode);
  tls->self_signed_ = signed_by_itself(native);
  tls->expires_ = end_of_validity(native);
  return tls;
}

}  // namespace butler::http
