#include "migration/row_writer.hpp"

#include <stdexcept>

#include "json/codec.hpp"
#include "migration/copy_end.hpp"
#include "postgres/connection.hpp"

namespace butler::migration {

namespace {

constexpr std::size_t rows_at_once = 100;
constexpr std::size_t bytes_at_once = 1'000'000;

/// A text as PostgreSQL keeps it; in JSON it would take U+0000, and refuse to read it afterwards.
std::string kept_in_server(std::string text, Kind kind) {
  if (text.contains('\0')) text = postgres::parameter(text).value();
  // What has none is kept as it is, to the byte.
  if (kind != Kind::texts || !text.contains("\\u0000")) return text;
  const auto value = json::parse(text);
  if (!value) throw std::runtime_error("a text in it is no JSON: " + value.error());
  auto items = json::decode<std::vector<std::string>>(*value);
  if (!items) throw std::runtime_error("a text in it is no JSON array of texts");
  for (auto& item : *items) item = postgres::parameter(item).value();
  return json::serialize(json::encode(*items));
}

}  // namespace

void RowWriter::add(const sql::Statement& row) {
  int place = 0;
  for (const auto& column : table_.columns) {
    const int at = place++;
    if (row.is_null(at)) {
      waiting_.emplace_back(nullptr);
    } else if (column.kind == Kind::integer) {
      waiting_.emplace_back(row.integer(at));
    } else {
      auto text = row.string(at);
      if (is_server_) {
        auto kept = kept_in_server(text, column.kind);
        if (kept != text) ++replaced_;
        text = std::move(kept);
      }
      waiting_bytes_ += text.size();
      waiting_.emplace_back(std::move(text));
    }
  }
  ++rows_;
  if (waiting_.size() == rows_at_once * table_.columns.size()) {
    write(0, rows_at_once);
    waiting_.clear();
    waiting_bytes_ = 0;
  } else if (waiting_bytes_ > bytes_at_once) {
    finish();
  }
}

void RowWriter::finish() {
  for (std::size_t from = 0; from < waiting_.size(); from += table_.columns.size()) write(from, 1);
  waiting_.clear();
  waiting_bytes_ = 0;
}

void RowWriter::write(std::size_t from, std::size_t rows) {
  auto& statement = target_.prepared(insertion(rows));
  statement.reset();
  for (std::size_t at = from; at < from + rows * table_.columns.size(); ++at) {
    std::visit([&](const auto& value) { statement.add(value); }, waiting_[at]);
  }
  statement.run();
}

std::string RowWriter::insertion(std::size_t rows) const {
  const auto names = names_of(table_);
  std::string places = "(?";
  for (std::size_t at = 1; at < names.size(); ++at) places += ", ?";
  places += ")";
  std::string sql = "INSERT INTO " + quoted_name(table_.name) + " (" + quoted_names(names) + ")";
  if (is_server_ && !table_.numbered.empty()) sql += " OVERRIDING SYSTEM VALUE";
  sql += " VALUES " + places;
  for (std::size_t at = 1; at < rows; ++at) sql += ", " + places;
  return sql;
}

}  // namespace butler::migration
