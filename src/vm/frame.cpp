#include "vm/frame.hpp"

namespace butler::vm {

namespace {

void append_number(std::string& out, std::uint32_t number) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>((number >> shift) & 0xFFU));
}

std::uint32_t read_number(std::string_view bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    number |= std::uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return number;
}

bool known(unsigned char kind) {
  return kind >= static_cast<unsigned char>(FrameKind::open) &&
         kind <= static_cast<unsigned char>(FrameKind::note);
}

}  // namespace

std::string encode(const Frame& frame) {
  std::string out;
  out.reserve(frame_head_size + frame.payload.size());
  out.push_back(static_cast<char>(frame.kind));
  out.append(3, '\0');
  append_number(out, frame.stream);
  append_number(out, static_cast<std::uint32_t>(frame.payload.size()));
  out += frame.payload;
  return out;
}

std::string encode_credit(std::uint32_t bytes) {
  std::string out;
  append_number(out, bytes);
  return out;
}

std::optional<std::uint32_t> decode_credit(std::string_view payload) {
  if (payload.size() != 4) return std::nullopt;
  return read_number(payload);
}

void FrameDecoder::feed(std::string_view bytes) {
  pending_.erase(0, read_);
  read_ = 0;
  pending_ += bytes;
}

std::expected<std::optional<Frame>, std::string> FrameDecoder::next() {
  const auto rest = std::string_view{pending_}.substr(read_);
  if (rest.size() < frame_head_size) return std::nullopt;
  const auto kind = static_cast<unsigned char>(rest[0]);
  if (!known(kind) || rest.substr(1, 3) != std::string_view{"\0\0\0", 3}) {
    return std::unexpected("the other side sent something that is no frame");
  }
  const std::size_t length = read_number(rest.substr(8));
  if (length > frame_payload_limit) {
    return std::unexpected("the other side sent a frame of " + std::to_string(length) + " bytes, more than " +
                           std::to_string(frame_payload_limit));
  }
  if (rest.size() < frame_head_size + length) return std::nullopt;
  read_ += frame_head_size + length;
  return Frame{.kind = static_cast<FrameKind>(kind),
               .stream = read_number(rest.substr(4)),
               .payload = std::string{rest.substr(frame_head_size, length)}};
}

}  // namespace butler::vm
