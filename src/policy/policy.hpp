#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "domain/job.hpp"

/// Whether a tool call may start: rules over who asks, where, with which tool, and what the call would do.
/// Pure.
namespace butler::policy {

/// The answer to a question, from the loosest to the strictest.
enum class Verdict : std::uint8_t { allow, ask, deny };

/// For whom the agent works: whose workspace it is in.
enum class Requester : std::uint8_t { owner, person, group };

/// What a call would do. A call can be of several classes; the strictest answer counts.
enum class CommandClass : std::uint8_t {
  read,                ///< looks at files, or does nothing that lasts
  write_in_workspace,  ///< makes or changes files in the workspace
  write_outside,       ///< makes or changes files anywhere else
  network,             ///< talks to another host
  package_install,     ///< fetches and installs software
  privilege,           ///< asks for rights that the agent does not have, or changes the system
  destructive,         ///< destroys what cannot be brought back: trees, disks, history, processes
  unknown,             ///< could not be understood, or runs code that was not looked into
};

/// Where a path lies. Decided by its text alone: links are the sandbox's business.
enum class Place : std::uint8_t {
  workspace,  ///< the agent's own folder
  scratch,    ///< temporary files: $TMPDIR, /tmp, /dev/null
  system,     ///< what the machine shows to everybody: /usr, /etc, the runtime, skills
  outside,    ///< anywhere else
  guarded,    ///< what programs outside the sandbox read or run later: .git/hooks, .envrc, … in the workspace
  secret,     ///< where keys and passwords lie: ~/.ssh, /etc/shadow, /proc/*/environ, …
  butler,     ///< Butler's own home, and the gate that asks these questions
};

/// The set of rules that ships for the start.
enum class Profile : std::uint8_t { careful, balanced, trusting };

/// One tool call, before it starts. All folders are absolute.
struct Question {
  Requester role = Requester::person;
  std::string requester_id = {};
  std::string chat_id = {};
  std::string session_key = {};
  domain::JobKind kind = domain::JobKind::task;
  std::string tool = {};                    ///< "bash", "read", …, "mcp__server__tool"; "network" for a host
  std::optional<std::string> command = {};  ///< of bash, and of a job of kind run
  std::optional<std::string> path =
      {};  ///< of read, write, edit, grep, find, ls; relative to cwd or absolute
  std::optional<std::string> host = {};    ///< of the tool "network": a name without port
  std::string cwd = {};                    ///< where the call starts
  std::string workspace = {};              ///< the folder that the agent works in
  std::string agent_home = {};             ///< the agent's $HOME: what ~ means
  std::string scratch = {};                ///< its folder for temporary files ($TMPDIR)
  std::string butler_home = {};            ///< BUTLER_HOME: off limits, but for the folders named here
  std::vector<std::string> readable = {};  ///< more folders that may be looked at: skills, the runtime
};

/// The answer and its reasons.
struct Decision {
  Verdict verdict = Verdict::ask;
  std::string rule;    ///< name of the rule that decided
  std::string reason;  ///< a sentence for the person who is asked, or for the agent that is refused
  std::set<CommandClass> classes = {};
  bool wrapper = false;  ///< a program that runs another one: never to be allowed for always
  std::vector<std::string> executed_files = {};  ///< absolute paths of files that the call would execute
  std::string what_would_change = {};            ///< a sentence: what leads to another answer
};

/// Says when a rule applies: every member that is there must match, an empty one matches everything.
struct Rule {
  std::string name;
  Verdict verdict = Verdict::ask;
  std::vector<Requester> roles = {};
  std::vector<std::string> requesters = {};  ///< ids
  std::vector<domain::JobKind> kinds = {};
  std::vector<std::string> tools = {};  ///< names; a `*` at the end stands for any rest
  std::vector<CommandClass> classes = {};
  std::vector<Place> places = {};
  std::vector<std::string> commands = {};  ///< the first words of a simple command: "git push"
  std::vector<std::string> paths = {};  ///< absolute, `~/…` or relative to the workspace; `*`, `**` and `?`
  std::vector<std::string> hosts = {};  ///< names, `*.suffix`, or `*`
};

/// Rules that hold in one place.
struct Layer {
  std::vector<Rule> rules = {};
  std::vector<std::string> hosts = {};  ///< reached without a question from here
};

/// A whole policy: a profile and what a file adds to it, from the general to the particular.
struct Policy {
  Profile profile = Profile::balanced;
  std::vector<Rule> profile_rules;
  Layer global = {};
  std::map<std::string, Layer> chats = {};     ///< by chat id
  std::map<std::string, Layer> sessions = {};  ///< by session key
  /// Allowed hosts by workspace: "owners", "person:<id>", "group:<id>".
  std::map<std::string, std::vector<std::string>> workspace_hosts = {};
};

/// A profile as it ships, with nothing added.
Policy builtin_policy(Profile profile);

/// Decides one question. Never allows what it does not understand.
Decision decide(const Policy& policy, const Question& question);

/// Hosts that the agent of a workspace may reach without a question: names in lower case, or `*.suffix`.
/// `owner_id` is the digits of the person or group; it is ignored for owners.
std::vector<std::string> allowed_hosts(const Policy& policy, Requester owner, const std::string& owner_id);

}  // namespace butler::policy
