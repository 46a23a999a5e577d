#include "gateway/administration_people.hpp"

#include <charconv>
#include <utility>

#include "log/log.hpp"

namespace butler::gateway {

namespace {

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

http::Response remove(const Administered& gateway, const std::string& typed) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(typed.data(), typed.data() + typed.size(), id);
  const bool is_number = error == std::errc{} && end == typed.data() + typed.size();
  bool removed = false;
  if (is_number) gateway.store.unit([&] { removed = gateway.pairing.remove(id); });
  if (!removed) return admin::error_response(404, "not_found", "nobody of that id was paired");
  log::info("person.removed", {{"person", id}});
  return admin::json_response(200, json::Object{{"id", id}});
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
