#include "load_queues.hpp"

#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace load {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

/// Butler's orchestrator over HTTP.
class Butler final : public Queue {
 public:
  Butler(std::vector<int> ports, std::string gateway_token, std::string worker_token)
      : Queue(std::move(ports)), gateway_(std::move(gateway_token)), worker_(std::move(worker_token)) {}

  [[nodiscard]] Framing framing() const override { return http_answer; }

  /// Each job is of a session of its own: one that an earlier run left running would hold the next one back.
  std::string create() override {
    static const std::string run = std::to_string(Clock::now().time_since_epoch().count()) + "-";
    const std::string session = session_.empty() ? run + std::to_string(++count_) : session_;
    return http_request(
        "/v1/jobs", gateway_,
        R"({"prompt":"measure","channel":"api","chatId":"1","requesterId":"1","sessionKey":")" + session +
            "\"}");
  }

  void use_session(const std::string& session) override { session_ = session; }

  [[nodiscard]] std::string claim() const override {
    return http_request("/v1/workers/claim", worker_, R"({"workerId":"load","waitSeconds":20})");
  }

  [[nodiscard]] std::string complete(std::string_view claimed, bool and_next) const override {
    const std::size_t start = next_in(claimed);
    const std::string path = "/v1/workers/" + std::string(json_string(claimed, "id", start)) + "/complete";
    const auto* body =
        and_next ? R"({"resultText":"done","claim":{"workerId":"load"}})" : R"({"resultText":"done"})";
    return http_request(path, worker_, body, json_string(claimed, "leaseToken", start));
  }

  [[nodiscard]] bool brings_job(std::string_view answer) const override {
    return answer.find("\"leaseToken\"", next_in(answer)) != std::string_view::npos;
  }

 private:
  /// The answer to a completion shows the job that has ended first.
  static std::size_t next_in(std::string_view answer) {
    const auto found = answer.find("\"next\":");
    return found == std::string_view::npos ? 0 : found;
  }

  std::string gateway_;
  std::string worker_;
  std::string session_;
  std::size_t count_ = 0;
};

/// beanstalkd, whose jobs are as long as Butler's prompt and names are.
class Beanstalkd final : public Queue {
 public:
  explicit Beanstalkd(std::vector<int> ports) : Queue(std::move(ports)) {}

  [[nodiscard]] Framing framing() const override { return beanstalkd_answer; }

  std::string create() override {
    const std::string body(100, 'x');
    return "put 0 0 600 " + std::to_string(body.size()) + "\r\n" + body + "\r\n";
  }

  [[nodiscard]] std::string claim() const override { return "reserve\r\n"; }

  [[nodiscard]] std::string complete(std::string_view claimed, bool /*and_next*/) const override {
    const auto start = claimed.find(' ') + 1;
    return "delete " + std::string(claimed.substr(start, claimed.find(' ', start) - start)) + "\r\n";
  }

  [[nodiscard]] bool brings_job(std::string_view answer) const override {
    return answer.starts_with("RESERVED");
  }
};

}  // namespace

std::string http_request(std::string_view path, std::string_view token, std::string_view body,
                         std::string_view lease_token) {
  std::string request = "POST ";
  request.append(path).append(" HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: ").append(token);
  if (!lease_token.empty()) request.append("\r\nx-lease-token: ").append(lease_token);
  request.append("\r\ncontent-type: application/json\r\ncontent-length: ")
      .append(std::to_string(body.size()));
  return request.append("\r\n\r\n").append(body);
}

std::string_view json_string(std::string_view json, std::string_view member, std::size_t start) {
  const std::string name = "\"" + std::string(member) + "\":\"";
  const auto found = json.find(name, start);
  if (found == std::string_view::npos) throw std::runtime_error("no " + name + " in " + std::string(json));
  const auto begin = found + name.size();
  return json.substr(begin, json.find('"', begin) - begin);
}

std::unique_ptr<Queue> queue_of(const std::string& description) {
  const auto parts = split(description, ':');
  std::vector<int> ports;
  if (parts.size() > 1) {
    for (const std::string& port : split(parts[1], ',')) ports.push_back(std::stoi(port));
  }
  if (parts.size() == 4 && parts[0] == "butler") return std::make_unique<Butler>(ports, parts[2], parts[3]);
  if (parts.size() == 2 && parts[0] == "beanstalkd") return std::make_unique<Beanstalkd>(ports);
  throw std::invalid_argument(description + " is neither butler:PORT:TOKEN:WORKER_TOKEN nor beanstalkd:PORT");
}

}  // namespace load
