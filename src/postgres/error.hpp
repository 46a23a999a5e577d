#pragma once

#include <stdexcept>
#include <string>

/// What PostgreSQL refuses is an exception, by what its caller can do about it.
namespace butler::postgres {

/// A statement was refused. Inside a transaction nothing of it goes on until a rollback, whole or to a
/// savepoint.
class Error : public std::runtime_error {
 public:
  Error(std::string code, const std::string& what) : std::runtime_error(what), state(std::move(code)) {}
  std::string state;  ///< SQLSTATE, five characters; empty when the fault is on this side
};

/// The server is not reached, or went away. What was not committed is gone; the next call connects again.
class ConnectionLost : public Error {
 public:
  using Error::Error;
};

/// Somebody else's transaction was in the way (serialization failure, deadlock, lock timeout): the same again
/// may succeed.
class Conflict : public Error {
 public:
  using Error::Error;
};

/// A row with this key exists.
class UniqueViolation : public Error {
 public:
  using Error::Error;
};

/// Nobody knows whether the transaction was committed: answer 503, exit, recover from the database. Never go
/// on.
class CommitFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace butler::postgres
