#pragma once

#include <cstdint>
#include <optional>

#include "gateway/lane.hpp"
#include "gateway/language.hpp"
#include "gateway/language_records.hpp"
#include "telegram/update.hpp"

namespace butler::gateway {

/// In which language somebody is spoken to: the one that the configuration fixes (TG_LANGUAGE), else that of
/// the person's own Telegram, else English. What people's messages tell of it is kept, so that a notice which
/// no message triggers has the right language too. An owner hears of others in the owner's own language.
class Languages {
 public:
  /// `fixed`: for everybody; nullopt to go by the people.
  Languages(LanguageRecords& records, std::optional<wording::Language> fixed)
      : records_(records), fixed_(fixed) {}

  /// Of somebody who writes right now: by what comes with their message.
  wording::Language of(const telegram::Person& person) const;
  /// By what is kept of them.
  wording::Language of_person(std::int64_t person_id) const;
  /// Of a chat: in a group, that of the one who spoke there last.
  wording::Language of_lane(Lane lane) const;

  /// Keeps what a message tells, for its person and its chat. Inside a unit of the store; writes only news.
  void note(const telegram::Person& person, std::int64_t chat_id, domain::Timestamp now);

 private:
  void keep(std::int64_t chat_id, const telegram::Person& person, domain::Timestamp now);

  LanguageRecords& records_;
  std::optional<wording::Language> fixed_;
};

}  // namespace butler::gateway
