#include "postgres/connection.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "log/log.hpp"
#include "postgres/address.hpp"
#include "postgres/attempt.hpp"
#include "postgres/client_library.hpp"

namespace butler::postgres {

namespace {

constexpr std::chrono::seconds pause_between_attempts{1};
constexpr std::chrono::milliseconds first_wait{100};
/// Enough for a step or two of a distant server's greeting.
constexpr std::chrono::milliseconds later_wait{20};
/// SQLSTATE: the server has ended a transaction in which nothing was asked for too long.
constexpr std::string_view idle_in_transaction{"25P03"};

/// What the session does, whatever the server's, the database's or the user's defaults are.
constexpr const char* session_settings =
    "SET synchronous_commit = on; SET statement_timeout = '10s'; SET lock_timeout = '5s'; "
    "SET idle_in_transaction_session_timeout = '30s'; SET idle_session_timeout = 0; SET "
    "default_transaction_isolation = 'read committed'; "
    "SET client_min_messages = warning; SET standard_conforming_strings = on";

using ResultPointer = std::unique_ptr<pg_result, decltype(libpq().PQclear)>;

std::string first_line(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return std::string{text.substr(0, text.find('\n'))};
}

std::string_view field(const pg_result* result, int which) {
  const char* const text = libpq().PQresultErrorField(result, which);
  return text == nullptr ? std::string_view{} : std::string_view{text};
}

/// The fault is the connection's, or the server has ended it with this.
bool ends_connection(const pg_result* result) {
  const auto severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  return severity.empty() || severity == "FATAL" || severity == "PANIC";
}

[[noreturn]] void throw_fault(const std::string& name, const pg_result* result) {
  const std::string state{field(result, PG_DIAG_SQLSTATE)};
  const std::string what = "PostgreSQL (" + name + "): " + first_line(libpq().PQresultErrorMessage(result));
  if (state == "40001" || state == "40P01" || state == "55P03") throw Conflict(state, what);
  if (state == "23505") throw UniqueViolation(state, what);
  throw Error(state, what);
}

bool is_fault(const pg_result* result) {
  const auto status = libpq().PQresultStatus(result);
  return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE || status == PGRES_NONFATAL_ERROR;
}

/// A statement that marks a place in the transaction, and changes nothing.
bool is_mark(std::string_view sql) { return sql.starts_with("SAVEPOINT ") || sql.starts_with("RELEASE "); }

std::string text_or(const char* text, std::string_view otherwise) {
  return text == nullptr || *text == '\0' ? std::string{otherwise} : std::string{text};
}

std::string describe(const PGconn* connection) {
  return text_or(libpq().PQuser(connection), "?") + "@" + text_or(libpq().PQhost(connection), "?") + ":" +
         text_or(libpq().PQport(connection), "?") + "/" + text_or(libpq().PQdb(connection), "?");
}

}  // namespace

Parameter parameter(std::nullptr_t) { return std::nullopt; }

Parameter parameter(std::int64_t value) { return std::to_string(value); }

Parameter parameter(std::string_view text) {
  std::string copy{text};
  for (auto at = copy.find('\0'); at != std::string::npos; at = copy.find('\0', at)) {
    copy.replace(at, 1, "\xEF\xBF\xBD");
  }
  return copy;
}

void Connection::Close::operator()(pg_conn* connection) const { libpq().PQfinish(connection); }

Connection::Connection(Target target) : Connection(std::move(target), Later{}) {
  attempt_ = start();
  while (!go_on(pause_between_attempts)) {
  }
}

Connection::Connection(Target target, Later /*when*/) : target_(std::move(target)) {
  tls_ = sslmode_unless_named(target_.url);
}

Connection::~Connection() = default;

// ---- connecting

std::unique_ptr<Attempt> Connection::start() {
  next_attempt_ = std::chrono::steady_clock::now() + pause_between_attempts;
  return std::make_unique<Attempt>(target_.url, tls_, target_.application);
}

bool Connection::connect(std::chrono::milliseconds longest) {
  if (is_up()) return true;
  if (attempt_) return go_on(longest);
  if (std::chrono::steady_clock::now() < next_attempt_) throw lost();
  attempt_ = start();
  return go_on(longest);
}

bool Connection::go_on(std::chrono::milliseconds longest) {
  const auto state = attempt_->go_on(longest);
  if (state == Attempt::State::under_way) return false;
  connection_.reset(std::exchange(attempt_, nullptr)->release());
  names_.clear();
  ++connects_;
  name_ = describe(connection_.get());
  if (!is_up()) throw lost();
  libpq().PQsetNoticeProcessor(
      connection_.get(),
      [](void*, const char* text) { log::warn("postgres.notice", {{"text", first_line(text)}}); }, nullptr);
  try {
    run_script(session_settings);
    if (target_.on_connect) target_.on_connect(*this);
  } catch (...) {
    connection_.reset();  // without what it should hold the connection is none
    throw;
  }
  return true;
}

void Connection::start_over() {
  connection_.reset();
  attempt_.reset();
  next_attempt_ = {};
}

bool Connection::is_up() const { return connection_ && libpq().PQstatus(connection_.get()) == CONNECTION_OK; }

void Connection::bring_up() {
  if (is_up()) return;
  // Whoever calls first waits a moment for a server that is there; nobody waits for one that is not.
  if (!connect(attempt_ ? later_wait : first_wait)) {
    throw ConnectionLost("", "PostgreSQL (" + name_ + ") is not reached yet");
  }
  log::info("postgres.connected_again", {{"server", name_}});
}

/// What is said of the connection, which is given up: what is left of it is not to be trusted.
ConnectionLost Connection::lost() {
  const std::string reason = connection_ ? first_line(libpq().PQerrorMessage(connection_.get())) : "";
  connection_.reset();
  return {"", "PostgreSQL (" + name_ + ") is not reached" + (reason.empty() ? "" : ": " + reason)};
}

// ---- statements

void Connection::forget_from(std::size_t place) {
  if (place < waiting_.size())
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(place), waiting_.end());
}

void Connection::flush() {
  if (!waiting_.empty()) send();
}

void Connection::execute(const std::string& script) {
  flush();
  if (open_ && !is_up()) throw lost();
  if (!open_) bring_up();
  may_have_written_ = true;
  run_script(script.c_str());
}

void Connection::run_script(const char* script) {
  if (libpq().PQpipelineStatus(connection_.get()) != PQ_PIPELINE_OFF)
    libpq().PQexitPipelineMode(connection_.get());
  const ResultPointer result(libpq().PQexec(connection_.get(), script), libpq().PQclear);
  if (!result || !is_up()) throw lost();
  if (is_fault(result.get())) throw_fault(name_, result.get());
}

Result Connection::send() {
  const auto calls = std::exchange(waiting_, {});
  if (open_ && !is_up()) throw lost();
  if (!open_) bring_up();
  ++rounds_;
  return receive(post(calls));
}

void Connection::post_started() {
  started_ = std::exchange(waiting_, {});
  if (!is_up()) throw lost();
  ++rounds_;
  started_answers_ = post(started_);
}

bool Connection::has_answer() {
  if (!connection_ || libpq().PQconsumeInput(connection_.get()) == 0 || !is_up()) throw lost();
  return libpq().PQisBusy(connection_.get()) == 0;
}

Result Connection::take_answer() { return receive(std::exchange(started_answers_, {})); }

std::vector<Connection::Sent> Connection::post(const std::vector<Call>& calls) {
  auto* const connection = connection_.get();
  if (libpq().PQpipelineStatus(connection) == PQ_PIPELINE_OFF) libpq().PQenterPipelineMode(connection);
  std::vector<Sent> sent;
  int posted = 1;
  for (const auto& call : calls) {
    auto name = names_.find(call.sql);
    if (name == names_.end()) {
      name = names_.emplace(call.sql, "s" + std::to_string(++statements_)).first;
      posted &= libpq().PQsendPrepare(connection, name->second.c_str(), call.sql.c_str(), 0, nullptr);
      sent.push_back({&call, true});
    }
    std::vector<const char*> values;
    values.reserve(call.parameters.size());
    for (const auto& value : call.parameters) values.push_back(value ? value->c_str() : nullptr);
    posted &= libpq().PQsendQueryPrepared(connection, name->second.c_str(), static_cast<int>(values.size()),
                                          values.data(), nullptr, nullptr, 0);
    sent.push_back({&call, false});
  }
  posted &= libpq().PQpipelineSync(connection);
  if (posted == 0) throw lost();
  return sent;
}

Result Connection::receive(const std::vector<Sent>& sent) {
  auto* const connection = connection_.get();
  ResultPointer fault(nullptr, libpq().PQclear);
  ResultPointer last(nullptr, libpq().PQclear);
  std::vector<std::pair<const Call*, Result>> to_tell;
  for (const auto& one : sent) {
    ResultPointer result(libpq().PQgetResult(connection), libpq().PQclear);
    if (!result) break;
    const ResultPointer end(libpq().PQgetResult(connection), libpq().PQclear);
    const bool skipped = libpq().PQresultStatus(result.get()) == PGRES_PIPELINE_ABORTED;
    const bool wrong = is_fault(result.get());
    if (one.prepares && (skipped || wrong)) names_.erase(one.call->sql);
    if (wrong && !fault) fault = std::move(result);
    if (skipped || wrong || one.prepares) continue;
    last = std::move(result);
    // WITH … can change rows, and its tag tells only of those that it shows.
    may_have_written_ = may_have_written_ || one.call->sql.starts_with("WITH ");
    if (!std::string_view{libpq().PQcmdStatus(last.get())}.starts_with("SELECT")) {
      changed_rows_ += std::atoll(libpq().PQcmdTuples(last.get()));
    }
    if (one.call->then) to_tell.emplace_back(one.call, Result(last.release()));
  }
  if (fault && (ends_connection(fault.get()) || !is_up())) {
    const std::string state{field(fault.get(), PG_DIAG_SQLSTATE)};
    throw ConnectionLost(
        state, std::string{lost().what()} + ": " + first_line(libpq().PQresultErrorMessage(fault.get())));
  }
  const ResultPointer sync(libpq().PQgetResult(connection), libpq().PQclear);
  if (!sync || libpq().PQresultStatus(sync.get()) != PGRES_PIPELINE_SYNC) throw lost();
  if (fault) throw_fault(name_, fault.get());
  for (const auto& [call, answer] : to_tell) call->then(answer);
  return Result(last.release());
}

int Connection::socket() const { return connection_ ? libpq().PQsocket(connection_.get()) : -1; }

std::vector<Notification> Connection::take_notifications() {
  if (!connection_ || libpq().PQconsumeInput(connection_.get()) == 0 || !is_up()) throw lost();
  std::vector<Notification> taken;
  const auto next = [this] {
    return std::unique_ptr<PGnotify, decltype(libpq().PQfreemem)>(libpq().PQnotifies(connection_.get()),
                                                                  libpq().PQfreemem);
  };
  for (auto one = next(); one; one = next()) taken.push_back({one->relname, one->extra});
  return taken;
}

// ---- transactions

void Connection::begin(std::string_view first) {
  bring_up();
  open_ = true;
  changed_before_ = changed_rows_;
  may_have_written_ = false;
  later("BEGIN");
  if (!first.empty()) later(first);
  opening_ = waiting_.size();
}

bool Connection::commit() {
  if (!open_) throw CommitFailed("there is no transaction to commit");
  if (waiting_.size() == opening_ && waiting_.front().sql == "BEGIN") {  // nothing was asked
    rollback();
    return false;
  }
  const bool only_read = !has_written();
  try {
    const auto answer = query("COMMIT");
    open_ = false;
    if (answer.tag() != "COMMIT") throw CommitFailed("PostgreSQL (" + name_ + ") rolled back instead");
  } catch (const Error& error) {
    open_ = false;
    connection_.reset();
    if (only_read || error.state == idle_in_transaction) throw ConnectionLost(error.state, error.what());
    throw CommitFailed(error.what());
  }
  return changed_rows_ != changed_before_;
}

bool Connection::has_written() const {
  const bool begun = waiting_.empty() || waiting_.front().sql != "BEGIN";
  const auto asked = std::span{waiting_}.subspan(begun ? 0 : opening_);
  return may_have_written_ || changed_rows_ != changed_before_ ||
         !std::ranges::all_of(asked, [](const Call& call) { return is_mark(call.sql); });
}

void Connection::rollback() {
  const bool begun = waiting_.empty() || waiting_.front().sql != "BEGIN";
  waiting_.clear();
  if (std::exchange(open_, false) && begun && is_up()) {
    try {
      query("ROLLBACK");
    } catch (const Error& error) {  // the server rolls back what goes with its connection
      log::warn("postgres.rollback_failed", {{"error", error.what()}});
      connection_.reset();
    }
  }
}

bool Connection::in_transaction() const {
  return open_ && is_up() && libpq().PQtransactionStatus(connection_.get()) != PQTRANS_INERROR;
}

Savepoint::Savepoint(Connection& connection)
    : connection_(&connection),
      depth_(++connection.depth()),
      place_(connection.waiting()),
      round_(connection.rounds()) {
  connection.later("SAVEPOINT " + name());
}

std::string Savepoint::name() const { return "part_" + std::to_string(depth_); }

void Savepoint::end() {
  --connection_->depth();
  connection_ = nullptr;
}

void Savepoint::release() {
  const bool sent = connection_->rounds() != round_;
  const bool has_work = connection_->waiting() > (sent ? 0 : place_ + 1);
  if (!sent && !has_work) {
    connection_->forget_from(place_);
  } else {
    // In this order: what a fault of the answers throws can still be undone.
    if (has_work) connection_->flush();
    connection_->later("RELEASE SAVEPOINT " + name());
  }
  end();
}

Savepoint::~Savepoint() {
  if (connection_ == nullptr) return;
  const bool sent = connection_->rounds() != round_;
  connection_->forget_from(sent ? 0 : place_);
  if (sent) {
    try {
      connection_->query("ROLLBACK TO SAVEPOINT " + name());
      connection_->later("RELEASE SAVEPOINT " + name());
    } catch (const Error& error) {  // the connection's transaction goes as a whole
      log::warn("postgres.rollback_failed", {{"error", error.what()}});
    }
  }
  end();
}

}  // namespace butler::postgres
