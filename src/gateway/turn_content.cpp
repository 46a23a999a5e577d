#include "gateway/turn_content.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "domain/utf8.hpp"

namespace butler::gateway {

namespace {

std::vector<IncomingFile> incoming(const std::vector<TurnFile>& files) {
  std::vector<IncomingFile> plain;
  plain.reserve(files.size());
  std::ranges::transform(files, std::back_inserter(plain), &TurnFile::file);
  return plain;
}

}  // namespace

AddedContent add(TurnContent& content, Contribution one, const FileLimits& limits) {
  AddedContent added{.parts = {std::move(one.said)}};
  if (one.file) {
    added.problem = file_problem(*one.file, incoming(content.files), limits);
    if (added.problem) {
      added.parts.push_back({.form = PartForm::rest,
                             .joint = std::string{between_messages},
                             .text = "[" + missing_file_note(*one.file, *added.problem, limits) + "]"});
    } else {
      added.files.push_back(attach(content.request, *one.file));
    }
  }
  content.parts.insert(content.parts.end(), added.parts.begin(), added.parts.end());
  content.files.insert(content.files.end(), added.files.begin(), added.files.end());
  content.request.prompt = prompt_of(content.parts, content.files);
  return added;
}

std::optional<TurnFile> shorten(TurnContent& content, std::size_t limit, const FileLimits& limits) {
  std::string& prompt = content.request.prompt;
  const IncomingFile words{.kind = FileKind::document,
                           .file_name = "message.txt",
                           .mime_type = "text/plain",
                           .size = static_cast<std::int64_t>(prompt.size())};
  if (file_problem(words, incoming(content.files), limits)) return std::nullopt;
  TurnFile file = attach(content.request, words);
  const std::string note = "\n\n[The message goes on: all of its " +
                           std::to_string(domain::count_code_points(prompt)) +
                           " characters are in the attached file " + file.name + ".]";
  const std::size_t room = limit - std::min(limit, domain::count_code_points(note));
  prompt = std::string{domain::prefix_code_points(prompt, room)} + note;
  content.files.push_back(file);
  return file;
}

std::string prompt_of(const std::vector<TurnPart>& parts, const std::vector<TurnFile>& files) {
  std::string prompt = prompt_of(parts);
  return prompt.empty() ? without_words(incoming(files)) : prompt;
}

}  // namespace butler::gateway
