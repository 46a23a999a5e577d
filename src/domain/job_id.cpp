#include "domain/job_id.hpp"

#include <algorithm>
#include <cctype>

namespace butler::domain {

namespace {

constexpr std::size_t uuid_length = 36;
constexpr std::size_t random_part = 24;
constexpr std::size_t short_length = 6;
constexpr std::uint32_t counter_limit = 0x1000;

void append_hex(std::string& text, std::uint64_t value, int digits) {
  constexpr std::string_view alphabet = "0123456789abcdef";
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
    text.push_back(alphabet[(value >> static_cast<unsigned>(shift)) & 0xFU]);
  }
}

bool starts_with_any_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::ranges::equal(text.substr(0, prefix.size()), prefix, {}, {}, [](char c) {
           return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
         });
}

}  // namespace

std::string JobIdSequence::next(Timestamp now, std::array<std::uint8_t, 10> random) {
  const auto ms = static_cast<std::uint64_t>(now.time_since_epoch().count());
  if (ms > last_ms_) {
    last_ms_ = ms;
    counter_ =
        (static_cast<std::uint32_t>(random[0]) << 3U) & 0x7FFU;  // room to count up in this millisecond
  } else if (++counter_ == counter_limit) {
    ++last_ms_;
    counter_ = 0;
  }
  std::uint64_t tail = 0;
  for (std::size_t i = 2; i < random.size(); ++i) tail = tail << 8U | random[i];

  std::string id;
  id.reserve(uuid_length);
  append_hex(id, last_ms_ >> 16U, 8);
  id.push_back('-');
  append_hex(id, last_ms_ & 0xFFFFU, 4);
  id.push_back('-');
  append_hex(id, 0x7000U | counter_, 4);
  id.push_back('-');
  append_hex(id, 0x8000U | (std::uint64_t{random[1]} << 6U & 0x3FFFU) | (tail >> 56U & 0x3FU), 4);
  id.push_back('-');
  append_hex(id, tail & 0xFFFF'FFFF'FFFFU, 12);
  return id;
}

void JobIdSequence::go_on_after(std::string_view id) {
  constexpr std::size_t version_place = 14;
  if (!is_uuid(id) || id[version_place] != '7') return;
  const auto number = [](const std::string& digits) { return std::stoull(digits, nullptr, 16); };
  const std::uint64_t ms = number(std::string{id.substr(0, 8)} + std::string{id.substr(9, 4)});
  const auto counter = static_cast<std::uint32_t>(number(std::string{id.substr(version_place + 1, 3)}));
  if (ms < last_ms_ || (ms == last_ms_ && counter <= counter_)) return;
  last_ms_ = ms;
  counter_ = counter;
}

bool is_uuid(std::string_view text) {
  if (text.size() != uuid_length) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

std::string short_job_id(std::string_view id) {
  return std::string{id.size() == uuid_length ? id.substr(random_part, short_length) : id};
}

bool matches_short_job_id(std::string_view id, std::string_view typed) {
  if (typed.empty()) return false;
  if (id.size() == uuid_length && starts_with_any_case(id.substr(random_part), typed)) return true;
  return starts_with_any_case(id, typed);
}

}  // namespace butler::domain
