#pragma once

#include <filesystem>
#include <string>

#include "console/streams.hpp"
#include "domain/timestamp.hpp"
#include "json/value.hpp"

/// `butler pair`: who may use the bot, through the gateway's administration socket. Each returns the exit
/// status and throws Failure.
namespace butler::console {

int list_pairings(const std::filesystem::path& home, Streams streams);
int approve_pairing(const std::filesystem::path& home, const std::string& code, Streams streams);
int remove_person(const std::filesystem::path& home, const std::string& person, Streams streams);

/// The gateway's list as text. Names are people's own: made printable. Pure.
std::string pairings_text(const json::Value& list, domain::Timestamp now);

}  // namespace butler::console
