#include "gateway/attachment_decision.hpp"

namespace butler::gateway {

namespace {

using FetchAction = FetchDecision::Action;
using FileFault = telegram::FileError::Kind;

constexpr std::chrono::seconds flood_without_figure{1};

FetchDecision give_up_file(MissingReason reason) {
  return {.action = FetchAction::missing, .reason = reason};
}

FetchDecision again(int failures, int most, MissingReason then, const FetchTiming& timing, double jitter) {
  if (failures >= most) return give_up_file(then);
  return {.action = FetchAction::retry, .wait = domain::retry_delay(timing.backoff, failures, jitter)};
}

}  // namespace

FetchDecision fetch_decision(const telegram::FileError& error, const FetchFailures& failures,
                             const FetchTiming& timing, double jitter) {
  using enum MissingReason;
  FetchDecision decision;
  switch (error.kind) {
    case FileFault::too_big: return give_up_file(too_big);
    case FileFault::on_server_disk: return give_up_file(on_server_disk);
    case FileFault::token_refused: return {.action = FetchAction::leave};
    case FileFault::unavailable:
      decision = again(failures.unavailable, timing.unavailable_tries, unavailable, timing, jitter);
      break;
    case FileFault::flood:
      decision = {.action = FetchAction::retry,
                  .wait = error.retry_after.value_or(flood_without_figure) + timing.flood_slack};
      break;
    case FileFault::interrupted:
      decision = again(failures.other, timing.other_tries, unreachable, timing, jitter);
      break;
    case FileFault::disk:
      decision = again(failures.other, timing.other_tries, no_room, timing, jitter);
      break;
  }
  const bool too_late = failures.since_first_try + decision.wait > timing.whole;
  if (decision.action != FetchAction::retry || !too_late) return decision;
  return give_up_file(error.kind == FileFault::disk ? no_room : unreachable);
}

std::string missing_text(const std::string& file_name, MissingReason reason, std::int64_t most) {
  const std::string file = "The file \"" + file_name + "\" ";
  constexpr std::int64_t mebibyte = std::int64_t{1} << 20;
  switch (reason) {
    case MissingReason::too_big:
      return file + "could not be fetched: it is larger than the " + std::to_string(most / mebibyte) +
             " MB that can be fetched from Telegram.";
    case MissingReason::unavailable:
      return file + "could not be fetched: Telegram does not have it any more.";
    case MissingReason::unreachable: return file + "could not be fetched: Telegram did not hand it over.";
    case MissingReason::on_server_disk:
      return file + "could not be fetched: the Bot API server keeps it where the gateway may not read.";
    case MissingReason::no_room: break;
  }
  return file + "could not be kept: there is no room for it.";
}

FetchFailures with(FetchFailures failures, const telegram::FileError& error) {
  if (error.kind == FileFault::unavailable) ++failures.unavailable;
  if (error.kind == FileFault::interrupted || error.kind == FileFault::disk) ++failures.other;
  return failures;
}

}  // namespace butler::gateway
