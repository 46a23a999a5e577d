#include "console/pairing.hpp"

#include <boost/asio/io_context.hpp>
#include <optional>
#include <ostream>

#include "admin/role_call.hpp"
#include "async/task_group.hpp"
#include "console/access.hpp"
#include "domain/job_words.hpp"
#include "http/types.hpp"
#include "process/installation.hpp"
#include "terminal/display_width.hpp"
#include "terminal/table.hpp"

namespace butler::console {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds gateway_patience{10};

asio::awaitable<void> keep_answer(asio::awaitable<admin::RoleAnswer> call,
                                  std::optional<admin::RoleAnswer>& answer) {
  answer = co_await std::move(call);
}

/// The gateway's answer. Throws Failure when there is none, or it is a refusal.
json::Value ask_gateway(const std::filesystem::path& home, std::string method, std::string target) {
  asio::io_context context(1);
  async::TaskGroup tasks(context.get_executor());
  std::optional<admin::RoleAnswer> answer;
  auto call = admin::call_role(context.get_executor(), home, "gateway", std::move(method), std::move(target),
                               gateway_patience);
  tasks.spawn("gateway", keep_answer(std::move(call), answer));
  context.run();
  if (!answer) throw Failure("the gateway gave no answer: butler status looks");
  switch (answer->kind) {
    case admin::RoleAnswer::Kind::absent:
      throw Failure("the gateway does not run (nobody listens on " + answer->path.string() + "): `" +
                    process::start_command() + "` starts it");
    case admin::RoleAnswer::Kind::forbidden:
      throw Failure(answer->path.string() +
                    " belongs to another user: run this as the user who started Butler, or with sudo");
    case admin::RoleAnswer::Kind::silent:
      throw Failure("the gateway does not answer on " + answer->path.string() + ": butler status looks");
    case admin::RoleAnswer::Kind::answered: break;
  }
  if (answer->status == 200) return std::move(answer->body);
  const std::string message = terminal::printable_line(json::find_string(answer->body, "message"));
  throw Failure(message.empty() ? "the gateway answered " + std::to_string(answer->status) : message);
}

std::string person_words(const json::Value& person) {
  std::string words = terminal::printable_line(json::find_string(person, "firstName"));
  const auto username = json::find_string(person, "username");
  if (!username.empty()) words += " (@" + terminal::printable_line(username) + ")";
  return words;
}

std::optional<domain::Timestamp> time_of(const json::Value& value, std::string_view member) {
  return domain::from_iso8601(json::find_string(value, member));
}

const json::Array& array_of(const json::Value& value, std::string_view member) {
  static const json::Array nothing;
  const auto* found = json::find(value, member);
  return found != nullptr && found->is_array() ? found->get_array() : nothing;
}

terminal::Row waiting_row(const json::Value& code, domain::Timestamp now) {
  const auto expires = time_of(code, "expiresAt");
  const std::string left = expires ? "for " + domain::age(*expires - now) + " more" : "";
  const std::string text = terminal::printable_line(json::find_string(code, "code"));
  if (json::find(code, "id") == nullptr) return {"  " + text, "an invitation", left};
  return {"  " + text, "id " + std::to_string(json::find_integer(code, "id")), left, person_words(code)};
}

}  // namespace

std::string pairings_text(const json::Value& list, domain::Timestamp now) {
  std::vector<terminal::Row> people;
  for (const auto& person : array_of(list, "people")) {
    const auto since = time_of(person, "since");
    people.push_back({"  " + std::to_string(json::find_integer(person, "id")),
                      since ? "for " + domain::age(now - *since) : "", person_words(person)});
  }
  std::vector<terminal::Row> waiting;
  for (const auto& code : array_of(list, "waiting")) waiting.push_back(waiting_row(code, now));
  std::string text = people.empty() ? "Nobody is paired.\n" : "Paired (butler pair remove <id>)\n";
  text += terminal::render_table(people);
  text += waiting.empty() ? "Nobody is waiting.\n" : "Waiting (butler pair approve <code>)\n";
  return text + terminal::render_table(waiting);
}

int list_pairings(const std::filesystem::path& home, Streams streams) {
  const auto list = ask_gateway(home, "GET", "/pairings");
  if (streams.json) {
    streams.write(list);
  } else {
    streams.out << pairings_text(list, domain::wall_clock_now());
  }
  return 0;
}

int approve_pairing(const std::filesystem::path& home, const std::string& code, Streams streams) {
  const auto answer = ask_gateway(home, "POST", "/pairings/" + http::percent_encode(code) + "/approve");
  if (streams.json) {
    streams.write(answer);
  } else {
    streams.out << "They are in, and are told so. butler pair list shows them.\n";
  }
  return 0;
}

int remove_person(const std::filesystem::path& home, const std::string& person, Streams streams) {
  const auto answer = ask_gateway(home, "POST", "/people/" + http::percent_encode(person) + "/remove");
  if (streams.json) {
    streams.write(answer);
    return 0;
  }
  streams.out << json::find_integer(answer, "id") << " is out.";
  const auto stopping = json::find_integer(answer, "stopping");
  if (stopping > 0) streams.out << " What they have open is being stopped: " << stopping << ".";
  streams.out << '\n';
  return 0;
}

}  // namespace butler::console
