#include "store/postgres_peers.hpp"

#include <charconv>

#include "log/log.hpp"
#include "postgres/array.hpp"
#include "postgres/listener.hpp"

namespace butler::store {

namespace {

using std::chrono::milliseconds;

constexpr const char* channel = "butler_orchestrators";

/// The statement with "CLOCK" replaced by the server's clock, in milliseconds since 1970.
std::string by_clock(std::string sql) {
  constexpr std::string_view word = "CLOCK";
  constexpr std::string_view clock = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
  for (auto at = sql.find(word); at != std::string::npos; at = sql.find(word, at + clock.size())) {
    sql.replace(at, word.size(), clock);
  }
  return sql;
}

std::string_view name_of(SightingKind kind) {
  return kind == SightingKind::worker ? "worker" : "session_store";
}

/// "<number> <from> <text>".
Peers::Announcement read_announcement(std::string_view payload) {
  Peers::Announcement read;
  const auto first = payload.find(' ');
  const auto second = first == std::string_view::npos ? first : payload.find(' ', first + 1);
  if (second == std::string_view::npos) return read;
  const auto [end, error] = std::from_chars(payload.data(), payload.data() + first, read.number);
  if (error != std::errc{} || end != payload.data() + first) return {};
  read.from = payload.substr(first + 1, second - first - 1);
  read.text = payload.substr(second + 1);
  return read;
}

}  // namespace

// ---- who serves

std::optional<std::string> PostgresPeers::enter(const std::string& artifacts, milliseconds recently) {
  static const std::string other = by_clock(
      "SELECT name FROM orchestrators WHERE name <> $1 AND artifacts <> $2 AND seen_at > CLOCK - $3::bigint "
      "LIMIT 1");
  artifacts_ = artifacts;
  const auto found = link_.query(other, name_, artifacts_, recently.count());
  return found.empty() ? std::nullopt : std::optional{found[0].string(0)};
}

bool PostgresPeers::attend(milliseconds gap) {
  static const std::string note = by_clock(
      "WITH before AS (SELECT max(seen_at) AS seen_at FROM orchestrators), "
      "noted AS (INSERT INTO orchestrators (name, artifacts, seen_at) VALUES ($1, $2, CLOCK) "
      "ON CONFLICT (name) DO UPDATE SET artifacts = excluded.artifacts, seen_at = excluded.seen_at) "
      "SELECT (coalesce(seen_at, 0) >= CLOCK - $3::bigint)::int FROM before");
  static const std::string forget_orchestrators =
      by_clock("DELETE FROM orchestrators WHERE seen_at < CLOCK - 86400000");
  static const std::string forget_sightings =
      by_clock("DELETE FROM sightings WHERE seen_at < CLOCK - 86400000");
  link_.later(forget_orchestrators);
  link_.later(forget_sightings);
  return link_.query(note, name_, artifacts_, gap.count())[0].integer(0) != 0;
}

// ---- leases

void PostgresPeers::extend_lease(std::int64_t job_row, milliseconds lease) {
  static const std::string sql = by_clock(
      "UPDATE leases SET expires_at = CLOCK + $2::bigint + $2::bigint / 4 "
      "WHERE job_row = $1 AND expires_at < CLOCK + $2::bigint");
  if (auto* const job = link_.known(job_row); job != nullptr) {
    if (job->lease_left && *job->lease_left >= lease.count()) return;  // it runs long enough
    if (!job->token) {
      job->new_lease_for = lease.count();
      return;
    }
    job->lease_left = lease.count();
  }
  link_.later(sql, job_row, lease.count());
}

void PostgresPeers::extend_all_leases(milliseconds lease) {
  link_.forget();
  static const std::string sql = by_clock(
      "UPDATE leases SET expires_at = CLOCK + $1::bigint FROM jobs WHERE jobs.row = leases.job_row "
      "AND jobs.status IN ('running', 'aborting') AND expires_at < CLOCK + $1::bigint");
  link_.later(sql, lease.count());
}

void PostgresPeers::bound_leases(milliseconds lease) {
  link_.forget();
  static const std::string sql = by_clock(
      "UPDATE leases SET expires_at = CLOCK + $1::bigint FROM jobs WHERE jobs.row = leases.job_row "
      "AND jobs.status IN ('running', 'aborting') AND expires_at > CLOCK + 2 * $1::bigint");
  link_.later(sql, lease.count());
}

std::vector<std::string> PostgresPeers::expired_leases() {
  static const std::string sql = by_clock(
      "SELECT jobs.id FROM jobs JOIN leases ON leases.job_row = jobs.row "
      "WHERE jobs.status IN ('running', 'aborting') AND leases.expires_at < CLOCK ORDER BY jobs.id");
  std::vector<std::string> ids;
  for (const auto row : link_.query(sql)) ids.push_back(row.string(0));
  return ids;
}

// ---- who has called

void PostgresPeers::put_sightings(SightingKind kind, const std::vector<Sighting>& seen) {
  if (seen.empty()) return;
  // Names that PostgreSQL keeps as one (it has no U+0000) are one.
  static const std::string sql = by_clock(
      "INSERT INTO sightings (kind, name, orchestrator, seen_at, present_until) "
      "SELECT DISTINCT ON (seen.name) $1, seen.name, $2, CLOCK - seen.ago, CLOCK + seen.present_for "
      "FROM unnest($3::text[], $4::bigint[], $5::bigint[]) AS seen (name, ago, present_for) "
      "ORDER BY seen.name, seen.ago ON CONFLICT (kind, name, orchestrator) "
      "DO UPDATE SET seen_at = excluded.seen_at, present_until = excluded.present_until");
  postgres::Array names;
  postgres::Array ago;
  postgres::Array present_for;
  for (const auto& one : seen) {
    names.add(kept_text(one.name));
    ago.add(std::int64_t{one.ago.count()});
    present_for.add(std::int64_t{one.present_for.count()});
  }
  link_.later(sql, name_of(kind), name_, names.text(), ago.text(), present_for.text());
}

std::vector<Sighting> PostgresPeers::sightings_elsewhere(SightingKind kind) {
  static const std::string sql = by_clock(
      "SELECT name, min(CLOCK - seen_at), max(present_until - CLOCK) FROM sightings "
      "WHERE kind = $1 AND orchestrator <> $2 AND seen_at > CLOCK - 86400000 GROUP BY name ORDER BY name");
  std::vector<Sighting> seen;
  for (const auto row : link_.query(sql, name_of(kind), name_)) {
    seen.push_back({.name = row.string(0),
                    .ago = milliseconds{row.integer(1)},
                    .present_for = milliseconds{row.integer(2)}});
  }
  return seen;
}

// ---- what the others have to hear

void PostgresPeers::announce(const std::vector<std::string>& texts) {
  static const std::string sql =
      "WITH next AS (UPDATE announcements SET number = number + 1 WHERE one = 1 RETURNING number) "
      "SELECT pg_notify('" +
      std::string{channel} + "', next.number || ' ' || $1 || ' ' || told.text) " +
      "FROM next, unnest($2::text[]) AS told (text)";
  postgres::Array told;
  for (const auto& text : texts) told.add(text);
  link_.later(sql, name_, told.text());
}

std::int64_t PostgresPeers::announced() {
  std::int64_t number = 0;
  link_.look([&] { number = link_.query("SELECT number FROM announcements WHERE one = 1")[0].integer(0); });
  return number;
}

boost::asio::awaitable<void> PostgresPeers::listen(boost::asio::any_io_executor executor, Hooks hooks) {
  postgres::Listener listener(
      std::move(executor), {.url = url_, .application = name_ + "-listener"}, {channel},
      {.heard = [heard = std::move(hooks.heard)](
                    const postgres::Notification& one) { heard(read_announcement(one.payload)); },
       .listening = std::move(hooks.listening)});
  co_await listener.run();
}

}  // namespace butler::store
