#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"

/// Which records are written, and how a row becomes a line. Pure. For the .cpp files of records.hpp.
namespace butler::backup {

enum class Cell : std::uint8_t {
  plain,  ///< text or number, as it is
  flag,   ///< 0 or 1
  time,   ///< milliseconds since 1970
  json,   ///< JSON text
};

struct RecordColumn {
  std::string_view name;
  std::string_view expression;
  Cell cell = Cell::plain;
};

/// One file of records. Rows are read in pages, in the order of two columns that together are unique.
struct RecordFile {
  std::string_view name;
  std::string_view tables;
  std::string_view first_key;
  std::string_view second_key;
  std::span<const RecordColumn> columns;
};

std::span<const RecordFile> orchestrator_record_files();
std::span<const RecordFile> gateway_record_files();

/// SQL for the page behind `after` (a row that was read; null for the first page), each row as one JSON array
/// that `make_array` ("json_array") makes: the keys, then the columns.
std::string page_sql(const RecordFile& file, std::string_view make_array, const json::Value& after);

/// The record of a row as page_sql() reads it.
json::Object to_record(const RecordFile& file, const json::Array& row);

}  // namespace butler::backup
