#include "api/audit.hpp"

#include "digest/sha256.hpp"

namespace butler::api {

namespace {

void add(std::string& text, std::string_view part) {
  text.append(std::to_string(part.size())).append(":").append(part).append(",");
}

}  // namespace

std::string audit_hash(const AuditRow& row) {
  std::string text;
  text.reserve(256 + row.details.size());
  add(text, std::to_string(row.seq));
  add(text, std::to_string(row.ts.time_since_epoch().count()));
  add(text, row.actor);
  add(text, row.action);
  add(text, row.subject);
  add(text, row.details);
  add(text, row.previous);
  return digest::sha256_hex(text);
}

std::optional<std::string> AuditCheck::next(const AuditRow& row) {
  const std::string name = "row " + std::to_string(row.seq);
  if (row.seq != rows_ + 1) {
    return "row " + std::to_string(rows_ + 1) + " is missing: behind it comes " + name;
  }
  if (row.previous != hash_) return name + " does not follow the row before it: one of the two was changed";
  if (row.hash != audit_hash(row)) return name + " was changed: its hash is not the hash of what it says";
  ++rows_;
  hash_ = row.hash;
  return std::nullopt;
}

}  // namespace butler::api
