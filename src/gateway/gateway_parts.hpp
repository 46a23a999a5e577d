#pragma once

#include <memory>

#include "gateway/answers.hpp"
#include "gateway/approval_requests.hpp"
#include "gateway/artifact_delivery.hpp"
#include "gateway/attachments.hpp"
#include "gateway/buttons.hpp"
#include "gateway/callback_answers.hpp"
#include "gateway/callbacks.hpp"
#include "gateway/command_menus.hpp"
#include "gateway/controls.hpp"
#include "gateway/deliveries.hpp"
#include "gateway/edits.hpp"
#include "gateway/file_sending.hpp"
#include "gateway/gateway.hpp"
#include "gateway/intake.hpp"
#include "gateway/job_creator.hpp"
#include "gateway/keyboard_edits.hpp"
#include "gateway/lanes.hpp"
#include "gateway/languages.hpp"
#include "gateway/open_texts.hpp"
#include "gateway/owner_notices.hpp"
#include "gateway/pairing.hpp"
#include "gateway/people.hpp"
#include "gateway/topics.hpp"
#include "gateway/waiting_notices.hpp"

namespace butler::gateway {

inline constexpr int configuration_status = 78;  // EX_CONFIG: another start would end the same way

/// What works for one bot, wired by hand.
struct Gateway::Parts {
  Parts(Gateway& gateway, const telegram::Bot& our_bot);

  /// Takes up what the last process left on disk. Once, at start.
  void resume();
  /// Tells the owners of a trouble, at most once on each day.
  void tell_owners_today(const std::string& trouble, const OwnerNotices::Words& words);

  telegram::Bot bot;
  SqlGatewayStore store;
  Languages languages;
  OutboxSender outbox;
  OwnerNotices owners;
  Typing typing;
  LiveStatus live;
  People people;
  Buttons buttons;
  KeyboardEdits keyboards;
  CallbackAnswers callback_answers;
  ApprovalRequests approvals;
  ToolApprovals tool_approvals;
  JobWatches watches;
  FileSending file_sending;
  ArtifactDelivery artifacts;
  Answers answers;
  Pairing pairing;
  Unpairing unpairing;
  CommandMenus menus;
  Attachments attachments;
  JobCreator creator;
  Topics topics;
  Controls controls;
  Edits edits;
  Lanes turn_lanes;
  Lanes control_lanes;
  Lanes edit_lanes;
  WaitingNotices notices;
  OpenTexts open_texts;
  Callbacks callbacks;
  Intake intake;
  UpdateLoop updates;
  Deliveries deliveries;
  std::unique_ptr<Webhook> webhook;  ///< null while we poll

 private:
  static UpdateLoop::Options polling_options(const Gateway& gateway, const telegram::Bot& bot);
  static Attachments::Options attachment_options(const Gateway& gateway);
  SenderEvents sender_events(Gateway& gateway);
  OutboxSender::FileParts file_parts();
  void connect_buttons();
  void turn_stored(Lane lane);
  void wake_lanes();
};

}  // namespace butler::gateway
