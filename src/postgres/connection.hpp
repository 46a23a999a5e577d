#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "postgres/error.hpp"
#include "postgres/result.hpp"

struct pg_conn;

namespace butler::postgres {

class Attempt;

/// A value as PostgreSQL reads it; nothing is NULL. The server knows the parameter's type from its place.
///
/// PostgreSQL keeps no U+0000: it is written as U+FFFD, the replacement character.
using Parameter = std::optional<std::string>;

Parameter parameter(std::nullptr_t);
Parameter parameter(std::int64_t value);
Parameter parameter(std::string_view text);
inline Parameter parameter(int value) { return parameter(std::int64_t{value}); }
inline Parameter parameter(std::size_t value) { return parameter(static_cast<std::int64_t>(value)); }
inline Parameter parameter(bool value) { return parameter(std::int64_t{value}); }
inline Parameter parameter(const std::string& text) { return parameter(std::string_view{text}); }
inline Parameter parameter(const char* text) { return parameter(std::string_view{text}); }
template <class T>
Parameter parameter(const std::optional<T>& value) {
  return value ? parameter(*value) : std::nullopt;
}

/// How to reach the server.
struct Target {
  std::string url;          ///< postgresql://user:password@host/database?options, a secret; without sslmode
                            ///< in it a server on another machine needs a certificate that is valid for host
  std::string application;  ///< what the server's own lists call this connection
  /// Called after each connect, before anything else: takes locks that go with the connection.
  std::function<void(class Connection&)> on_connect = {};
};

/// What somebody has notified (NOTIFY).
struct Notification {
  std::string channel;
  std::string payload;
};

/// One connection to a server, over libpq. One thread; every call that needs an answer waits for it.
///
/// Statements are prepared once per distinct text. What needs no answer is sent together with the next
/// statement that does (libpq's pipeline), so that a round trip is paid once for several. The session commits
/// to disk (synchronous_commit), gives up a statement after ten seconds, and waits five for a lock.
class Connection {
 public:
  /// Connects. Throws ConnectionLost, whose text names the server, never the password.
  explicit Connection(Target target);
  /// Connects later: with connect(), or with the first statement.
  struct Later {};
  Connection(Target target, Later when);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Sends what waits and this statement ($1, $2, …), and returns its answer. Throws the first fault of them.
  /// A lost connection is made again first, unless the statement belongs to a transaction: one attempt a
  /// second, for which nobody waits longer than a moment.
  template <class... Values>
  Result query(std::string_view sql, const Values&... values) {
    later(sql, values...);
    return send();
  }

  /// The same, for parameters that the caller has collected.
  Result query_with(std::string_view sql, std::vector<Parameter> parameters) {
    waiting_.push_back({std::string{sql}, std::move(parameters), {}});
    return send();
  }

  /// Sends what waits and this statement, for whose answer nobody waits here: socket() becomes readable when
  /// something of it has come. Nothing else may be asked before take_answer().
  template <class... Values>
  void start(std::string_view sql, const Values&... values) {
    later(sql, values...);
    post_started();
  }
  /// Whether all of the answer to start() has come. Throws ConnectionLost.
  bool has_answer();
  /// The answer to start().
  Result take_answer();

  /// Sends this statement together with the next query() or flush(), where its fault comes out.
  template <class... Values>
  void later(std::string_view sql, const Values&... values) {
    waiting_.push_back({std::string{sql}, {parameter(values)...}, {}});
  }

  /// The same, and tells the answer to `then` as soon as it is there: at the latest in flush(). Never, when
  /// it is forgotten before, or when something that was sent together with it had a fault.
  template <class... Values>
  void later_then(std::function<void(const Result&)> then, std::string_view sql, const Values&... values) {
    waiting_.push_back({std::string{sql}, {parameter(values)...}, std::move(then)});
  }

  /// Sends what waits.
  void flush();
  std::size_t waiting() const { return waiting_.size(); }
  /// How many parts are open, one in the other.
  std::size_t& depth() { return depth_; }
  /// How often something was sent.
  std::int64_t rounds() const { return rounds_; }
  /// How often it was connected: what one connection has been told may not hold for the next.
  std::int64_t connects() const { return connects_; }
  /// Forgets what waits, from the one at this place on.
  void forget_from(std::size_t place);

  /// Begins a transaction with the next statement; what is lost with the connection until commit() is lost in
  /// whole. Throws ConnectionLost when there is no connection and none can be made.
  /// @param first  a statement that every transaction of the caller's begins with, if there is one
  void begin(std::string_view first = {});
  /// Durable at the server when it returns; true when a row was inserted, changed or deleted. Throws
  /// ConnectionLost when nothing was written, for sure: there was nothing, or the server had given the
  /// transaction up before. Throws CommitFailed when nobody knows.
  bool commit();
  void rollback();
  /// Whether the open transaction may have changed a row.
  bool has_written() const;
  /// Whether a transaction is open in which statements are taken.
  bool in_transaction() const;

  /// Runs a script of statements without parameters or rows.
  void execute(const std::string& script);

  /// Becomes readable when there may be notifications; another one after each connect.
  int socket() const;
  /// What has arrived, without waiting. Throws ConnectionLost.
  std::vector<Notification> take_notifications();

  /// Goes on connecting, for at most so long; false while it is under way. Throws ConnectionLost, also when
  /// the last attempt is not a second old.
  bool connect(std::chrono::milliseconds longest);

  /// Gives the connection up, outside of a transaction; the next statement makes a new one, at once.
  void start_over();

  /// "user@host:port/database", for messages.
  const std::string& name() const { return name_; }

 private:
  struct Call {
    std::string sql;
    std::vector<Parameter> parameters = {};
    std::function<void(const Result&)> then = {};
  };
  struct Close {
    void operator()(pg_conn* connection) const;
  };
  /// What is on its way to the server, in order.
  struct Sent {
    const Call* call = nullptr;
    bool prepares = false;  ///< the call's statement, and not the call itself
  };

  std::unique_ptr<Attempt> start();
  bool go_on(std::chrono::milliseconds longest);
  bool is_up() const;
  void bring_up();
  Result send();
  void post_started();
  std::vector<Sent> post(const std::vector<Call>& calls);
  Result receive(const std::vector<Sent>& sent);
  void run_script(const char* script);
  ConnectionLost lost();

  Target target_;
  std::string name_;
  std::string tls_;  ///< sslmode, unless the address has one
  std::unique_ptr<pg_conn, Close> connection_;
  std::unique_ptr<Attempt> attempt_;  ///< under way
  std::vector<Call> waiting_;
  std::vector<Call> started_;
  std::vector<Sent> started_answers_;
  std::unordered_map<std::string, std::string> names_;  ///< of the statements that the server knows, by text
  std::chrono::steady_clock::time_point next_attempt_{};
  std::int64_t changed_rows_ = 0;
  std::int64_t changed_before_ = 0;
  std::int64_t rounds_ = 0;
  std::int64_t connects_ = 0;
  std::size_t depth_ = 0;
  int statements_ = 0;
  std::size_t opening_ = 0;  ///< how many statements begin the transaction
  bool may_have_written_ = false;
  bool open_ = false;
};

/// A transaction that is rolled back when it is destroyed without commit().
class Transaction {
 public:
  explicit Transaction(Connection& connection) : connection_(&connection) { connection.begin(); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (connection_ != nullptr) connection_->rollback();
  }

  /// Durable at the server when it returns. Throws CommitFailed.
  void commit() { std::exchange(connection_, nullptr)->commit(); }

 private:
  Connection* connection_;
};

/// A part of a transaction that can fail by itself, one at a time. Rolls back when it is destroyed without
/// release().
class Savepoint {
 public:
  explicit Savepoint(Connection& connection);
  Savepoint(const Savepoint&) = delete;
  Savepoint& operator=(const Savepoint&) = delete;
  ~Savepoint();

  /// Sends what waits of this part, so that its faults come out here.
  void release();

 private:
  std::string name() const;
  void end();

  Connection* connection_;
  std::size_t depth_;  ///< each has a name of its own: going back to an outer part ends what was in it
  std::size_t place_;  ///< of SAVEPOINT among what waits, until it is sent
  std::int64_t round_;
};

}  // namespace butler::postgres
