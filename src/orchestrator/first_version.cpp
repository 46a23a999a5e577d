#include "orchestrator/first_version.hpp"

#include <algorithm>
#include <utility>

#include "domain/describe.hpp"
#include "domain/job_id.hpp"
#include "domain/job_status.hpp"
#include "json/codec.hpp"
#include "process/role.hpp"

namespace butler::orchestrator {

namespace {

/// What the first version did not know, or left out.
json::Object with_defaults(const json::Object& job) {
  json::Object all{{"kind", "task"}, {"requiresApproval", false}, {"abortRequested", false},
                   {"attempt", 0},   {"maxAttempts", 3},          {"channel", "telegram"}};
  for (const auto& [name, value] : job) {
    if (!value.is_null()) all.insert_or_assign(name, value);
  }
  if (!all.contains("updatedAt") && all.contains("createdAt")) all["updatedAt"] = all.at("createdAt");
  return all;
}

std::string first_problem(const std::vector<json::Problem>& problems) {
  return problems.front().path + ": " + problems.front().message;
}

std::string named(const std::string& id) {
  return "the job " + (id.empty() ? std::string{"without an id"} : id);
}

std::optional<store::StoredEvent> stored(const json::Value& event) {
  const auto type = domain::enum_from_name<domain::EventType>(json::find_string(event, "type"));
  const auto ts = domain::from_iso8601(json::find_string(event, "ts"));
  if (!type || !ts) return std::nullopt;
  store::StoredEvent kept;
  kept.type = *type;
  kept.ts = *ts;
  if (const auto message = json::find_string(event, "message"); !message.empty()) kept.message = message;
  const auto* const data = event.as_object().if_contains("data");
  if (data != nullptr && data->is_object()) kept.data = json::serialize(data->get_object());
  return kept;
}

/// One file on its way in.
class Reading {
 public:
  explicit Reading(const json::Value& state) : state_(state) {}

  FirstVersionState read() {
    if (const auto* const jobs = members_.if_contains("jobs")) {
      if (const auto* const by_id = jobs->if_object()) {
        for (const auto& [id, job] : *by_id) add(std::string{id}, job);
      } else if (const auto* const list = jobs->if_array()) {
        for (const auto& job : *list) add("", job);
      } else {
        refuse("\"jobs\" is neither a list nor an object");
      }
    }
    std::ranges::sort(found_.jobs, {}, [](const FirstVersionJob& one) {
      return std::pair{one.job.created_at, std::string_view{one.old_id}};
    });
    found_.paused = json::find_true(state_, "paused");
    if (const auto reason = json::find_string(state_, "pauseReason"); !reason.empty())
      found_.pause_reason = reason;
    return std::move(found_);
  }

 private:
  void refuse(std::string what) { found_.report.refused.push_back(std::move(what)); }

  void add(std::string id, const json::Value& value) {
    const auto* const object = value.if_object();
    if (object == nullptr) return refuse(named(id) + " is no object");
    if (const auto own = json::find_string(value, "id"); !own.empty()) id = own;
    if (id.empty()) return refuse(named(id) + " cannot be told from others");
    auto job = json::decode<domain::Job>(json::Value(with_id(*object, id)));
    if (!job) return refuse(named(id) + " cannot be read: " + first_problem(job.error()));
    FirstVersionJob kept{.old_id = id, .job = std::move(*job), .events = {}};
    end(kept);
    add_events(kept);
    kept.job.id.clear();
    kept.job.worker_id.reset();
    kept.job.labels.reset();
    kept.job.attachments.reset();
    found_.jobs.push_back(std::move(kept));
  }

  static json::Object with_id(const json::Object& object, const std::string& id) {
    auto all = with_defaults(object);
    all["id"] = id;
    return all;
  }

  void end(FirstVersionJob& kept) {
    auto& job = kept.job;
    if (!domain::is_terminal(job.status)) {
      const std::string before{domain::enum_name(job.status)};
      found_.report.changed.push_back(named(kept.old_id) + " was " + before +
                                      " and is kept as aborted: " + "whoever wants it asks again");
      job.status = domain::JobStatus::aborted;
      job.error = "Not finished by the first version of Butler (it was " + before + ").";
    }
    job.abort_requested = false;
    if (!job.finished_at) job.finished_at = job.updated_at;
  }

  void add_events(FirstVersionJob& kept) {
    const auto* const all = members_.if_contains("events");
    const auto* const by_id = all == nullptr ? nullptr : all->if_object();
    const auto* const own = by_id == nullptr ? nullptr : by_id->if_contains(kept.old_id);
    if (own == nullptr) return;
    const auto* const list = own->if_array();
    if (list == nullptr) return refuse("the events of " + named(kept.old_id) + " are no list");
    std::size_t unreadable = 0;
    for (const auto& event : *list) {
      if (auto read = stored(event)) {
        kept.events.push_back(*std::move(read));
      } else {
        ++unreadable;
      }
    }
    if (unreadable > 0) {
      refuse(std::to_string(unreadable) + " events of " + named(kept.old_id) + " cannot be read");
    }
  }

  const json::Value& state_;
  const json::Object& members_ = state_.get_object();
  FirstVersionState found_;
};

}  // namespace

FirstVersionState read_first_version(const json::Value& state) {
  if (state.is_object()) return Reading(state).read();
  FirstVersionState none;
  none.report.refused.emplace_back("state.json holds no object");
  return none;
}

domain::TakenOver take_over(store::JobStore& store, FirstVersionState state, domain::Timestamp now) {
  domain::JobIdSequence ids;
  auto report = std::move(state.report);
  const auto add = [&](FirstVersionJob& one) {
    // The key makes a second import find what the first has brought.
    const auto key = "first-version:" + one.old_id.substr(0, 200);
    if (store.find_by_idempotency_key(key)) {
      ++report.known;
      return;
    }
    one.job.id = ids.next(one.job.created_at, process::random_bytes<10>());
    auto begun = one.job;  // a job is new when it is inserted
    begun.status = domain::JobStatus::queued;
    const auto row = store.insert(begun, key);
    store.update({.row = row, .job = one.job, .lease = {}}, domain::JobStatus::queued);
    if (!one.events.empty()) store.append_events(row, one.events);
    ++report.taken;
  };
  store.begin();
  store.unit([&] {
    for (auto& one : state.jobs) add(one);
    if (state.paused) {
      store.set_admin_state({.paused = true, .pause_reason = state.pause_reason, .updated_at = now});
    }
  });
  store.commit();
  return report;
}

}  // namespace butler::orchestrator
