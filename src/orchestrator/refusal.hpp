#pragma once

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "domain/job_status.hpp"
#include "http/types.hpp"
#include "json/codec.hpp"
#include "store/job_store.hpp"

namespace butler::orchestrator {

/// A "no" that a caller gets: status and error code as docs/http-api.md lists them.
struct Refusal {
  int status = 400;
  std::string code;
  std::string message;
  json::Object more;  ///< members besides error and message
};

template <class T>
using Outcome = std::expected<T, Refusal>;

/// Collects what is wrong with a request, by field: the `details` of a 400.
class FieldProblems {
 public:
  void add(std::string_view field, std::string text);
  /// Adds a problem when the text has fewer or more code points than allowed.
  void check_length(std::string_view field, std::string_view text, std::size_t least, std::size_t most);
  void check_optional(std::string_view field, const std::optional<std::string>& text, std::size_t least,
                      std::size_t most);
  /// Adds the problems of a part of the request: theirs are fields of this one.
  void add_within(std::string_view field, const FieldProblems& problems);

  bool empty() const { return details_.empty(); }
  Refusal refusal() const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> details_;
};

Refusal invalid_request(const std::vector<json::Problem>& problems);
Refusal invalid_request(std::string_view field, std::string text);
Refusal job_not_found();
Refusal invalid_transition(domain::JobStatus status, domain::JobAction action);
/// `lease` is who holds the job now, if anybody does.
Refusal lease_lost(const std::optional<store::Lease>& lease);

http::Response to_response(const Refusal& refusal);
http::Response json_response(int status, const json::Value& body);
http::Response error_response(int status, std::string_view code, std::string_view message);

}  // namespace butler::orchestrator
