#include "gateway/media.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <vector>

#include "domain/enum_name.hpp"
#include "domain/utf8.hpp"
#include "gateway/media_describe.hpp"

namespace butler::gateway {

namespace {

constexpr std::size_t longest_attachment_name = 128;
constexpr std::size_t longest_told_name = 200;  // of a file name in the metadata, whose values are limited

struct KindWords {
  std::string_view one;
  std::string_view many;
};

KindWords words_of(const IncomingFile& file) {
  if (file.is_sticker) return {"a sticker", "stickers"};
  switch (file.kind) {
    case FileKind::photo: return {"a photo", "photos"};
    case FileKind::voice: return {"a voice message", "voice messages"};
    case FileKind::audio: return {"an audio file", "audio files"};
    case FileKind::video: return {"a video", "videos"};
    case FileKind::document: break;
  }
  return {"a document", "documents"};
}

struct Named {
  FileKind kind;
  std::string_view file_name;  ///< for one that came without
};

Named named(telegram::MediaKind kind) {
  using enum telegram::MediaKind;
  switch (kind) {
    case photo: return {FileKind::photo, "photo.jpg"};
    case sticker: return {FileKind::photo, "sticker.webp"};
    case voice: return {FileKind::voice, "voice.ogg"};
    case audio: return {FileKind::audio, "audio.mp3"};
    case video: return {FileKind::video, "video.mp4"};
    case video_note: return {FileKind::video, "video-message.mp4"};
    case animation: return {FileKind::video, "animation.mp4"};
    case document: break;
  }
  return {FileKind::document, "document"};
}

struct MimeExtension {
  std::string_view mime_type;
  std::string_view extension;
};

/// Of what people send most, so that a document without a name gets one that programs understand.
constexpr std::array<MimeExtension, 14> extensions{{{"application/pdf", ".pdf"},
                                                    {"application/zip", ".zip"},
                                                    {"application/json", ".json"},
                                                    {"text/plain", ".txt"},
                                                    {"text/csv", ".csv"},
                                                    {"text/html", ".html"},
                                                    {"image/jpeg", ".jpg"},
                                                    {"image/png", ".png"},
                                                    {"image/webp", ".webp"},
                                                    {"image/gif", ".gif"},
                                                    {"audio/mpeg", ".mp3"},
                                                    {"audio/mp4", ".m4a"},
                                                    {"audio/ogg", ".ogg"},
                                                    {"video/mp4", ".mp4"}}};

/// The usual extension of what it is; "" when we know none.
std::string_view extension_for(std::string_view mime_type) {
  const auto* found = std::ranges::find(extensions, mime_type, &MimeExtension::mime_type);
  return found == extensions.end() ? "" : found->extension;
}

std::string default_name(telegram::MediaKind kind, std::string_view mime_type) {
  const std::string_view name = named(kind).file_name;
  const std::string_view extension = extension_for(mime_type);
  const bool fixed = kind == telegram::MediaKind::photo || kind == telegram::MediaKind::sticker;
  if (extension.empty() || fixed) return std::string{name};
  return std::string{name.substr(0, name.find('.'))}.append(extension);
}

/// "type/subtype" of the characters that RFC 6838 has for them; "" for what is none: it will stand in a
/// header.
std::string believable_type(std::string_view mime_type) {
  const auto is_name = [](std::string_view name) {
    constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&-^_.+";
    return !name.empty() && name.size() <= 127 && name.find_first_not_of(allowed) == std::string_view::npos;
  };
  const auto slash = mime_type.find('/');
  if (slash == std::string_view::npos) return {};
  const bool good = is_name(mime_type.substr(0, slash)) && is_name(mime_type.substr(slash + 1));
  return good ? std::string{mime_type} : std::string{};
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
}

/// Letters, digits, dots and underscores; each run of anything else becomes one dash.
std::string plain_characters(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (is_plain(c)) {
      plain += c;
    } else if (!plain.ends_with('-')) {
      plain += '-';
    }
  }
  return plain;
}

std::string trimmed(std::string name, std::string_view of) {
  const auto first = name.find_first_not_of(of);
  if (first == std::string::npos) return {};
  return name.substr(first, name.find_last_not_of(of) - first + 1);
}

/// A file name cut in its middle part, so that the extension stays.
std::string cut_to(const std::string& name, std::size_t limit) {
  if (name.size() <= limit) return name;
  constexpr std::size_t longest_extension = 16;
  const auto dot = name.rfind('.');
  const std::string extension =
      dot == std::string::npos || name.size() - dot > longest_extension ? "" : name.substr(dot);
  return name.substr(0, limit - extension.size()) + extension;
}

std::string decimal(double value) {
  std::array<char, 32> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.6f", value);
  return {text.data(), static_cast<std::size_t>(std::clamp(length, 0, 31))};
}

std::string joined(const std::string& a, const std::string& b, std::string_view between) {
  if (a.empty() || b.empty()) return a + b;
  return a + std::string{between} + b;
}

std::string megabytes(std::int64_t bytes) {
  constexpr std::int64_t mebibyte = std::int64_t{1} << 20;
  return std::to_string((bytes + mebibyte - 1) / mebibyte) + " MB";
}

std::string as_metadata(const TurnFile& turn_file) {
  const IncomingFile& file = turn_file.file;
  json::Object told{{"name", turn_file.name},
                    {"kind", std::string{domain::enum_name(file.kind)}},
                    {"fileName", domain::shorten(file.file_name, longest_told_name)}};
  if (!file.mime_type.empty()) told["mimeType"] = domain::shorten(file.mime_type, longest_told_name);
  if (file.size > 0) told["size"] = file.size;
  if (file.seconds) told["seconds"] = *file.seconds;
  return json::serialize(told);
}

}  // namespace

std::optional<IncomingFile> incoming_file(const telegram::Message& message) {
  if (!message.media) return std::nullopt;
  const telegram::Media& media = *message.media;
  return IncomingFile{
      .file_id = media.file_id,
      .kind = named(media.kind).kind,
      .file_name = media.file_name.empty() ? default_name(media.kind, media.mime_type) : media.file_name,
      .mime_type = believable_type(media.mime_type),
      .size = media.size,
      .seconds = media.seconds,
      .is_sticker = media.kind == telegram::MediaKind::sticker};
}

std::optional<std::string> location_text(const telegram::Message& message) {
  if (message.location) {
    const telegram::Location& place = *message.location;
    const std::string where =
        "latitude " + decimal(place.latitude) + ", longitude " + decimal(place.longitude);
    const std::string name = joined(place.title, place.address, ", ");
    return name.empty() ? "A location came: " + where + "." : "A place came: " + name + " (" + where + ").";
  }
  if (message.contact) {
    const telegram::Contact& contact = *message.contact;
    const std::string name = joined(contact.first_name, contact.last_name, " ");
    return "A contact came: " + joined(name, contact.phone_number, ", ") + ".";
  }
  return std::nullopt;
}

std::string without_words(std::span<const IncomingFile> files) {
  struct Counted {
    KindWords words;
    std::size_t count;
  };
  std::vector<Counted> kinds;
  for (const IncomingFile& file : files) {
    const KindWords words = words_of(file);
    const auto known =
        std::ranges::find_if(kinds, [&](const Counted& c) { return c.words.one == words.one; });
    if (known == kinds.end()) {
      kinds.push_back({words, 1});
    } else {
      ++known->count;
    }
  }
  std::string text;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (i > 0) text += i + 1 == kinds.size() ? " and " : ", ";
    const Counted& kind = kinds[i];
    text += kind.count == 1 ? std::string{kind.words.one}
                            : std::to_string(kind.count) + " " + std::string{kind.words.many};
  }
  if (text.empty()) return text;
  if (text.front() == 'a') text.front() = 'A';
  return text + " came without words.";
}

std::optional<FileProblem> file_problem(const IncomingFile& file, std::span<const IncomingFile> earlier,
                                        const FileLimits& limits) {
  if (file.size > limits.file_bytes) return FileProblem::too_big;
  if (earlier.size() >= limits.files) return FileProblem::too_many;
  std::int64_t bytes = file.size;
  for (const IncomingFile& one : earlier) bytes += one.size;
  if (bytes > limits.turn_bytes) return FileProblem::too_much;
  return std::nullopt;
}

std::string missing_file_note(const IncomingFile& file, FileProblem problem, const FileLimits& limits) {
  const std::string name = "The file \"" + domain::shorten(file.file_name, longest_told_name) + "\"";
  switch (problem) {
    case FileProblem::too_big:
      return name + " (" + megabytes(file.size) + ") is not here: it is larger than the " +
             megabytes(limits.file_bytes) + " that can be fetched from Telegram.";
    case FileProblem::too_many:
      return name + " is not here: a request takes at most " + std::to_string(limits.files) + " files.";
    case FileProblem::too_much: break;
  }
  return name + " is not here: the files of a request together may have at most " +
         megabytes(limits.turn_bytes) + ".";
}

std::string attachment_name(std::size_t number, std::string_view file_name) {
  const std::string prefix = std::to_string(number) + "-";
  const auto folder = file_name.find_last_of("/\\");
  if (folder != std::string_view::npos) file_name.remove_prefix(folder + 1);
  const auto dot = file_name.rfind('.');
  std::string stem = trimmed(plain_characters(file_name.substr(0, dot)), "-._");
  const std::string extension =
      dot == std::string_view::npos ? "" : trimmed(plain_characters(file_name.substr(dot + 1)), "-._");
  if (stem.empty()) stem = "file";
  const std::string name = extension.empty() ? stem : stem + "." + extension;
  return prefix + cut_to(name, longest_attachment_name - prefix.size());
}

TurnFile attach(api::CreateJobRequest& request, const IncomingFile& file) {
  if (!request.attachments) request.attachments.emplace();
  if (!request.metadata) request.metadata.emplace();
  const std::size_t number = request.attachments->size() + 1;
  TurnFile turn_file{.number = number, .name = attachment_name(number, file.file_name), .file = file};
  request.attachments->push_back(turn_file.name);
  request.metadata->insert_or_assign("attachment." + std::to_string(number), as_metadata(turn_file));
  return turn_file;
}

}  // namespace butler::gateway
