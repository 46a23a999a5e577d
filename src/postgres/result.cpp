#include "postgres/result.hpp"

#include <charconv>
#include <stdexcept>

#include "postgres/client_library.hpp"

namespace butler::postgres {

namespace {

std::int64_t to_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::logic_error("PostgreSQL answered no whole number: " + std::string{text});
  }
  return value;
}

}  // namespace

bool Row::is_null(int column) const { return libpq().PQgetisnull(result_, row_, column) != 0; }

std::int64_t Row::integer(int column) const { return to_integer(text(column)); }

std::string_view Row::text(int column) const {
  return {libpq().PQgetvalue(result_, row_, column),
          static_cast<std::size_t>(libpq().PQgetlength(result_, row_, column))};
}

std::optional<std::string> Row::optional_string(int column) const {
  return is_null(column) ? std::nullopt : std::optional{string(column)};
}

std::optional<std::int64_t> Row::optional_integer(int column) const {
  return is_null(column) ? std::nullopt : std::optional{integer(column)};
}

int Result::size() const { return libpq().PQntuples(result_.get()); }

std::int64_t Result::changed() const {
  const std::string_view rows = libpq().PQcmdTuples(result_.get());
  return rows.empty() ? 0 : to_integer(rows);
}

std::string_view Result::tag() const { return libpq().PQcmdStatus(result_.get()); }

void Result::Clear::operator()(pg_result* result) const { libpq().PQclear(result); }

}  // namespace butler::postgres
