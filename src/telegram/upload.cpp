#include "telegram/upload.hpp"

#include <utility>

namespace butler::telegram {

namespace {

struct KindNames {
  std::string_view field;  ///< also the type of an album's item
  std::string_view method;
};

KindNames names_of(UploadKind kind) {
  switch (kind) {
    case UploadKind::photo: return {"photo", "sendPhoto"};
    case UploadKind::voice: return {"voice", "sendVoice"};
    case UploadKind::audio: return {"audio", "sendAudio"};
    case UploadKind::video: return {"video", "sendVideo"};
    case UploadKind::document: break;
  }
  return {"document", "sendDocument"};
}

/// What stands inside quotes, or ends a line: what could end them is replaced.
std::string harmless(std::string_view text) {
  std::string quotable{text};
  for (char& c : quotable) {
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) c = '_';
  }
  return quotable;
}

/// Writes a form: text gathers until a file comes.
class FormWriter {
 public:
  FormWriter(http::CompositeSource& form, std::string_view boundary) : form_(form), boundary_(boundary) {}

  void field(std::string_view name, std::string_view value) {
    begin(name);
    text_.append("\r\n\r\n").append(value).append("\r\n");
  }

  void file(std::string_view name, const Upload& upload) {
    begin(name);
    text_.append("; filename=\"").append(harmless(upload.file_name)).append("\"");
    const std::string type =
        upload.content_type.empty() ? "application/octet-stream" : harmless(upload.content_type);
    text_.append("\r\nContent-Type: ").append(type).append("\r\n\r\n");
    flush();
    form_.add_file(upload.path);
    text_ = "\r\n";
  }

  void end() {
    text_.append("--").append(boundary_).append("--\r\n");
    flush();
  }

 private:
  void begin(std::string_view name) {
    text_.append("--").append(boundary_).append("\r\nContent-Disposition: form-data; name=\"");
    text_.append(name).append("\"");
  }

  void flush() { form_.add_text(std::exchange(text_, {})); }

  http::CompositeSource& form_;
  std::string_view boundary_;
  std::string text_;
};

void write_fields(FormWriter& writer, const json::Object& fields) {
  for (const auto& member : fields) {
    const auto* text = member.value().if_string();
    writer.field(member.key(), text != nullptr ? std::string{*text} : json::serialize(member.value()));
  }
}

std::string part_name(std::size_t index) { return "file" + std::to_string(index); }

json::Array album_items(const std::vector<Upload>& files) {
  json::Array items;
  for (std::size_t i = 0; i < files.size(); ++i) {
    json::Object item{{"type", names_of(files[i].kind).field}, {"media", "attach://" + part_name(i)}};
    if (!files[i].caption.empty()) item["caption"] = files[i].caption;
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace

UploadForm upload_form(const json::Object& fields, const std::vector<Upload>& files,
                       std::string_view boundary) {
  UploadForm form{.method = "sendMediaGroup",
                  .content_type = "multipart/form-data; boundary=" + std::string{boundary},
                  .body = std::make_shared<http::CompositeSource>()};
  FormWriter writer{*form.body, boundary};
  write_fields(writer, fields);
  if (files.size() == 1) {
    const Upload& only = files.front();
    const KindNames names = names_of(only.kind);
    form.method = names.method;
    if (!only.caption.empty()) writer.field("caption", only.caption);
    writer.file(names.field, only);
  } else {
    writer.field("media", json::serialize(album_items(files)));
    for (std::size_t i = 0; i < files.size(); ++i) writer.file(part_name(i), files[i]);
  }
  writer.end();
  return form;
}

std::chrono::milliseconds upload_patience(std::uint64_t bytes) {
  constexpr std::chrono::seconds least{60};
  constexpr std::uint64_t slowest = 64 * std::uint64_t{1'024};  // bytes a second
  return least + std::chrono::seconds{bytes / slowest};
}

}  // namespace butler::telegram
