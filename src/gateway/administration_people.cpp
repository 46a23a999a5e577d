#include "gateway/administration_people.hpp"

#include <chrono>
#include <optional>
#include <utility>

#include "log/log.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::minutes stop_patience{1};

void add_names(json::Object& shown, const telegram::Person& person) {
  shown["id"] = person.id;
  shown["firstName"] = person.first_name;
  if (!person.username.empty()) shown["username"] = person.username;
}

json::Array paired(const std::vector<PairedPerson>& people) {
  json::Array list;
  for (const PairedPerson& one : people) {
    json::Object shown{{"since", domain::to_iso8601(one.since)}};
    add_names(shown, one.person);
    if (one.paired_by) shown["pairedBy"] = *one.paired_by;
    list.push_back(std::move(shown));
  }
  return list;
}

json::Array waiting(const std::vector<PairingCode>& codes) {
  json::Array list;
  for (const PairingCode& one : codes) {
    json::Object shown{{"code", one.code}, {"expiresAt", domain::to_iso8601(one.expires_at)}};
    if (one.asked_by) add_names(shown, *one.asked_by);
    if (one.invited_by) shown["invitedBy"] = *one.invited_by;
    list.push_back(std::move(shown));
  }
  return list;
}

http::Response list(const Administered& gateway, const std::string&) {
  return admin::json_response(
      200, json::Object{{"people", paired(gateway.store.paired_people())},
                        {"waiting", waiting(gateway.store.pairing_codes(domain::wall_clock_now()))}});
}

http::Response approve(const Administered& gateway, const std::string& code) {
  bool approved = false;
  gateway.store.unit([&] { approved = gateway.pairing.approve_as_operator(code, domain::wall_clock_now()); });
  if (!approved) return admin::error_response(404, "not_found", "nobody waits with that code");
  return admin::json_response(200, json::Object{{"approved", true}});
}

/// Nobody waits for it: the person is out already, and the same call again stops what is still open.
asio::awaitable<void> stop_jobs(Unpairing& unpairing, std::int64_t person, std::vector<std::string> jobs) {
  const auto give_up = std::chrono::steady_clock::now() + stop_patience;
  const auto stopped = co_await unpairing.stop(std::move(jobs), "operator", give_up);
  log::info("pairing.jobs_stopped",
            {{"person", person}, {"stopped", stopped.count}, {"left", stopped.left.size()}});
}

http::Response remove(const Administered& gateway, const std::string& typed) {
  const auto id = person_id_in(typed);
  const auto removed = id ? gateway.unpairing.remove(*id) : Unpairing::Removed{};
  if (removed.configured) {
    return admin::error_response(409, "configured",
                                 "TG_OWNER_IDS or TG_ALLOW_FROM names them: take them out there");
  }
  if (!removed.was_paired && removed.open_jobs.empty()) {
    return admin::error_response(404, "not_found", "nobody of that id was paired");
  }
  if (!removed.open_jobs.empty()) {
    gateway.tasks.spawn("stop jobs", stop_jobs(gateway.unpairing, *id, removed.open_jobs));
  }
  return admin::json_response(200, json::Object{{"id", *id}, {"stopping", removed.open_jobs.size()}});
}

using Act = http::Response (*)(const Administered&, const std::string& parameter);

admin::Handler handler(const FindAdministered& find, Act act) {
  return [find, act](const admin::Call& call) {
    const auto gateway = find();
    if (!gateway) return not_started();
    return act(*gateway, call.parameters.empty() ? "" : call.parameters.front());
  };
}

}  // namespace

void add_people_routes(admin::AdminSocket& socket, const FindAdministered& find) {
  socket.add({.method = "GET", .path = "/pairings", .handler = handler(find, list)});
  socket.add({.method = "POST", .path = "/pairings/:code/approve", .handler = handler(find, approve)});
  socket.add({.method = "POST", .path = "/people/:id/remove", .handler = handler(find, remove)});
}

}  // namespace butler::gateway
