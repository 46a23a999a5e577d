#include "worker/gate_dialogs.hpp"

#include <utility>

#include "log/log.hpp"

namespace butler::worker {

namespace asio = boost::asio;

namespace {

constexpr std::string_view ending = "The job is being ended, so this was not started.";
constexpr std::string_view unrecorded =
    "Butler could not put this tool call on record, so it was not started.";

bool waits_for_an_answer(const pi::Dialog& dialog) {
  return dialog.method == "confirm" || dialog.method == "select" || dialog.method == "input" ||
         dialog.method == "editor";
}

Permission refused(std::string_view why) { return {.allowed = false, .reason = std::string{why}}; }

}  // namespace

void GateDialogs::answer(const pi::Dialog& dialog, pi::Turn& turn, PiProcess& process,
                         AgentListener& listener) {
  if (!waits_for_an_answer(dialog)) return;
  auto call = pi::read_gate_question(dialog);
  if (!call) return process.send(pi::cancel_dialog(dialog.id));
  ++open_;
  tasks_.spawn("tool gate", decide({.dialog_id = dialog.id,
                                    .call = std::move(*call),
                                    .turn = turn,
                                    .process = process,
                                    .listener = listener}));
}

asio::awaitable<void> GateDialogs::decide(Asked asked) {
  Permission permission;
  try {
    permission = co_await permission_for(asked);
  } catch (const std::exception& fault) {
    if (closed_) throw;
    log::error("gate.fault", {{"tool", asked.call.tool_name}, {"error", fault.what()}});
    permission = refused("Butler could not decide about this tool call, so it was not started.");
  }
  --open_;
  answered_ = Clock::now();
  asked.process.send(permission.allowed ? pi::allow_call(asked.dialog_id, asked.call.id)
                                        : pi::block_call(asked.dialog_id, asked.call.id, permission.reason));
  asked.process.wake();  // silence counts again
}

asio::awaitable<Permission> GateDialogs::permission_for(const Asked& asked) {
  CallQuestion call = asked.call;
  call.id = asked.turn.ask(asked.call);
  auto permission = co_await gate_.admit(std::move(call), asked.listener);
  if (closed_) co_return refused(ending);
  if (!permission.allowed) co_return permission;
  for (auto& event : asked.turn.begin_call(asked.call)) asked.listener.report(std::move(event));
  const bool on_record = co_await asked.listener.recorded();
  if (closed_) co_return refused(ending);
  co_return on_record ? permission : refused(unrecorded);
}

asio::awaitable<void> GateDialogs::end() {
  closed_ = true;
  tasks_.cancel();
  co_await tasks_.join();
}

}  // namespace butler::worker
