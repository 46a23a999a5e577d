#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"

namespace butler::gateway {

/// What happens to the next sendMessage.
struct SendFault {
  bool applied = false;            ///< the message appears in the chat all the same
  std::optional<int> status = {};  ///< answered with this error; otherwise the connection is closed
  std::string description = {};
  json::Object parameters = {};
};

/// What happens to the next download.
struct DownloadFault {
  int status = 200;
  std::size_t missing_bytes = 0;  ///< at the end of the file
};

/// A message in a chat of the fake.
struct ShownMessage {
  std::int64_t chat_id = 0;
  std::int64_t thread_id = 0;
  std::string text;
  json::Value body;
  std::int64_t message_id = 0;

  /// What stands on its buttons, those without effect in brackets.
  std::vector<std::string> labels() const {
    std::vector<std::string> all;
    for (const json::Object& one : buttons()) {
      const std::string label{json::find_string(one, "text")};
      all.push_back(one.contains("disabled") ? "[" + label + "]" : label);
    }
    return all;
  }
  /// The callback_data of the button with this label; "" when there is none.
  std::string token(std::string_view label) const {
    for (const json::Object& one : buttons()) {
      if (json::find_string(one, "text") == label)
        return std::string{json::find_string(one, "callback_data")};
    }
    return "";
  }

 private:
  std::vector<json::Object> buttons() const {
    std::vector<json::Object> all;
    const auto* markup = json::find(body, "reply_markup");
    if (markup == nullptr) return all;
    for (const auto& row : markup->as_object().at("inline_keyboard").as_array()) {
      for (const auto& button : row.as_array()) all.push_back(button.as_object());
    }
    return all;
  }
};

/// What somebody who pressed a button was shown.
struct AnsweredPress {
  std::string query_id;
  std::string text;
  bool alert = false;
};

}  // namespace butler::gateway
