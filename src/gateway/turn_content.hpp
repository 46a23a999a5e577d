#pragma once

#include <optional>
#include <vector>

#include "api/types.hpp"
#include "gateway/media.hpp"
#include "gateway/turn_parts.hpp"

/// What a turn is made of, while its messages come. Pure.
namespace butler::gateway {

/// What one message brings to a turn.
struct Contribution {
  TurnPart said = {};
  std::optional<IncomingFile> file = {};
};

/// A turn as it is so far.
struct TurnContent {
  api::CreateJobRequest request = {};
  std::vector<TurnPart> parts = {};
  std::vector<TurnFile> files = {};
};

/// What a contribution has added.
struct AddedContent {
  std::vector<TurnPart> parts = {};
  std::vector<TurnFile> files = {};
  std::optional<FileProblem> problem =
      {};  ///< why its file is not among them; the agent reads it in the prompt
};

/// Adds what a message brings, and writes the prompt anew.
AddedContent add(TurnContent& content, Contribution one, const FileLimits& limits);

/// For words that are more than `limit` characters: the prompt keeps their beginning and says where the rest
/// is, and all of them become a file of the turn (without a file_id: they are what its messages have said).
/// The file is among the content's then; nullopt, and nothing is changed, when the turn may have no more
/// files.
std::optional<TurnFile> shorten(TurnContent& content, std::size_t limit, const FileLimits& limits);

/// The prompt of a turn with these files: its words, or a sentence in their place.
std::string prompt_of(const std::vector<TurnPart>& parts, const std::vector<TurnFile>& files);

}  // namespace butler::gateway
