#pragma once

#include <stdlib.h>

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

#include "gateway/sql_gateway_store.hpp"
#include "unit/temp_folder.hpp"

namespace butler::gateway {

/// The value; the test ends when there is none.
template <class T>
T needed(std::optional<T> value) {
  if (!value) throw std::runtime_error("there is none");
  return *std::move(value);
}

using test::TempFolder;

}  // namespace butler::gateway
