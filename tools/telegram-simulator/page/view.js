// What the page shows at the moment, and questions about it.
import { $ } from "./dom.js";

export const view = {
  chat: null, // id of the open chat
  thread: null, // of the open topic; null = General, or a chat without topics
  state: null, // GET /sim/state
  transcript: null, // GET /sim/chat/<id>
  reply: null, // the message to be answered
  editing: null, // the message to be changed
  online: false,
  seen: new Map(), // chat → the newest message when it was open; "chat/thread" for topics
};

export function chatInfo() { return view.state?.chats.find((chat) => chat.id === view.chat); }

export function person(id) { return view.state?.users.find((user) => user.id === id); }

export function isMember(chat) { return chat.bot_status === "member" || chat.bot_status === "administrator"; }

/** Who writes: the private chat's own person, else whom the page's user has chosen. */
export function sender() {
  const chat = chatInfo();
  return chat?.type === "private" ? chat.id : Number($("as").value || chat?.members[0]);
}

export function inThread(thread) { return !chatInfo()?.forum || (thread ?? null) === view.thread; }

/** The open topic, as the field of a verb. */
export function placeFields() { return view.thread ? { thread: view.thread } : {}; }
