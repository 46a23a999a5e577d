#pragma once

#include <cstdint>

#include "domain/chat_command.hpp"

/// Who may do what in a chat. Pure.
namespace butler::domain {

/// What somebody whom we listen to is to us. The names are those of the job's metadata `requesterRole`.
enum class Role : std::uint8_t {
  owner,   ///< named in TG_OWNER_IDS
  person,  ///< paired, or named in TG_ALLOW_FROM
};

/// Where something is said.
enum class Place : std::uint8_t { private_chat, group };

/// What the configuration decides.
struct PermissionRules {
  bool run_owner_only = true;         ///< TG_RUN_OWNER_ONLY
  bool approve_owner_only = true;     ///< TG_APPROVE_OWNER_ONLY; when false, people decide about their own
  bool allow_requester_abort = true;  ///< TG_ALLOW_REQUESTER_ABORT
};

/// What somebody asks for. Everything that is about a job is about one that they may see: may_see().
enum class Action : std::uint8_t {
  ask,            ///< give a task, look at jobs, retry or steer one
  run,            ///< ask for a shell command
  decide,         ///< approve or deny
  abort,          ///< stop a job
  panic,          ///< stop everything, and go on again
  manage_people,  ///< pairings, their codes, invitations
};

enum class Permission : std::uint8_t {
  granted,
  owners_only,
  in_private_only,  ///< an owner may, but what is said there is not for a group
};

/// Whether a role may do that there.
Permission permission(Action action, Role role, Place place, const PermissionRules& rules);

/// What a command asks for.
Action action_of(const ChatCommand& command);

/// How a job lies to the one who asks about it.
struct JobRelation {
  bool own = false;               ///< it was asked for by the same person
  bool this_chat = false;         ///< it belongs to the chat where it is asked about
  Role requester = Role::person;  ///< who asked for it
  bool waits_for_approval = false;
};

/// Whether somebody may know of a job and name it: people their own in its own chat, owners everything of the
/// chat, and in their private chat everything.
bool may_see(Role role, Place place, JobRelation job);

/// Whether a command that names no job may mean this one: a job of the chat, and, in an owner's private chat,
/// what a person wants approved, because that is where the owner was asked.
bool may_be_meant(Role role, Place place, JobRelation job);

}  // namespace butler::domain
