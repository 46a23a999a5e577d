#include "postgres/client_library.hpp"

#include <dlfcn.h>

#include <stdexcept>
#include <string>

namespace butler::postgres {

namespace {

constexpr const char* library_name = "libpq.so.5";

template <class Function>
void find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(::dlsym(library, name));
  if (function == nullptr)
    throw std::runtime_error(std::string{library_name} + " has no " + name + ": it is too old");
}

ClientLibrary load() {
  // It stays loaded: what its libraries have registered with the process cannot be taken back.
  void* const library = ::dlopen(library_name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    throw std::runtime_error(std::string{"PostgreSQL's client library cannot be loaded ("} + ::dlerror() +
                             "): install it, apt-get install libpq5");
  }
  ClientLibrary functions{};
  find(library, "PQclear", functions.PQclear);
  find(library, "PQcmdStatus", functions.PQcmdStatus);
  find(library, "PQcmdTuples", functions.PQcmdTuples);
  find(library, "PQconnectPoll", functions.PQconnectPoll);
  find(library, "PQconnectStartParams", functions.PQconnectStartParams);
  find(library, "PQconninfoFree", functions.PQconninfoFree);
  find(library, "PQconninfoParse", functions.PQconninfoParse);
  find(library, "PQconsumeInput", functions.PQconsumeInput);
  find(library, "PQdb", functions.PQdb);
  find(library, "PQenterPipelineMode", functions.PQenterPipelineMode);
  find(library, "PQerrorMessage", functions.PQerrorMessage);
  find(library, "PQexec", functions.PQexec);
  find(library, "PQexitPipelineMode", functions.PQexitPipelineMode);
  find(library, "PQfinish", functions.PQfinish);
  find(library, "PQfreemem", functions.PQfreemem);
  find(library, "PQgetResult", functions.PQgetResult);
  find(library, "PQgetisnull", functions.PQgetisnull);
  find(library, "PQgetlength", functions.PQgetlength);
  find(library, "PQgetvalue", functions.PQgetvalue);
  find(library, "PQhost", functions.PQhost);
  find(library, "PQisBusy", functions.PQisBusy);
  find(library, "PQnotifies", functions.PQnotifies);
  find(library, "PQntuples", functions.PQntuples);
  find(library, "PQpipelineStatus", functions.PQpipelineStatus);
  find(library, "PQpipelineSync", functions.PQpipelineSync);
  find(library, "PQport", functions.PQport);
  find(library, "PQresultErrorField", functions.PQresultErrorField);
  find(library, "PQresultErrorMessage", functions.PQresultErrorMessage);
  find(library, "PQresultStatus", functions.PQresultStatus);
  find(library, "PQsendPrepare", functions.PQsendPrepare);
  find(library, "PQsendQueryPrepared", functions.PQsendQueryPrepared);
  find(library, "PQsetNoticeProcessor", functions.PQsetNoticeProcessor);
  find(library, "PQsocket", functions.PQsocket);
  find(library, "PQstatus", functions.PQstatus);
  find(library, "PQtransactionStatus", functions.PQtransactionStatus);
  find(library, "PQuser", functions.PQuser);
  return functions;
}

}  // namespace

const ClientLibrary& libpq() {
  static const ClientLibrary functions = load();
  return functions;
}

}  // namespace butler::postgres
