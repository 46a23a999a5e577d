#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "api/artifact.hpp"
#include "domain/utf8.hpp"
#include "worker/attachments.hpp"
#include "worker/file_type.hpp"
#include "worker/transcription.hpp"

namespace {

namespace worker = butler::worker;

/// A note is one line of ours around others' words, which cannot end it.
void check_note(const std::string& words) {
  butler::domain::Job job;
  job.attachments = {"1-a.ogg"};
  job.metadata = {{"attachment.1", words}};
  auto attachments = worker::announced_attachments(job);
  attachments[0].place = "inbox/1/1-a.ogg";
  attachments[0].transcript = butler::domain::to_valid_utf8(words);
  attachments[0].transcript_problem = words;
  const auto note = worker::attachment_note(attachments);
  if (butler::domain::to_valid_utf8(note) != note) std::abort();
  if (note.find(']') != note.size() - 3 || note.find('[', 1) != std::string::npos) std::abort();
}

void check_name(std::string_view path) {
  const auto name = worker::safe_file_name(path);
  if (!butler::api::is_artifact_name(name) || name.starts_with('-')) std::abort();
  if (worker::safe_file_name(name) != name) std::abort();
  const auto other = worker::unique_file_name(name, {name});
  if (other == name || !butler::api::is_artifact_name(other)) std::abort();
}

}  // namespace

/// What comes with a request, or is sent by an agent: a service's transcript, names, contents.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto transcript = worker::read_transcription(200, bytes);
  if (transcript && (transcript->empty() || butler::domain::to_valid_utf8(*transcript) != *transcript))
    std::abort();
  check_name(bytes);
  check_note(std::string{bytes});
  const auto type = worker::media_type_of(bytes, bytes.substr(0, size / 2));
  if (type.find_first_of("\r\n ") != std::string::npos) std::abort();
  if (worker::transcription_address(bytes).has_value() && size == 0) std::abort();
  return 0;
}
