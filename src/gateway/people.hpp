#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "gateway/access.hpp"
#include "gateway/people_records.hpp"

namespace butler::gateway {

/// What everybody is to us at this moment: the configuration's word first, then who was paired. The
/// configuration is read at each start, so that an owner who was taken out of it is one no longer.
class People {
 public:
  People(PeopleRecords& records, AccessRules rules) : records_(records), rules_(std::move(rules)) {}

  /// nullopt for a stranger.
  std::optional<domain::Role> role_of(std::int64_t person_id) const {
    return gateway::role_of(person_id, rules_, records_.is_paired(person_id));
  }

  Admission admit(const telegram::Update& update) const {
    return gateway::admit(update, [this](std::int64_t person_id) { return role_of(person_id); });
  }

  bool is_configured(std::int64_t person_id) const {
    return gateway::role_of(person_id, rules_, false).has_value();
  }

  const std::vector<std::int64_t>& owners() const { return rules_.owners; }

 private:
  PeopleRecords& records_;
  AccessRules rules_;
};

}  // namespace butler::gateway
