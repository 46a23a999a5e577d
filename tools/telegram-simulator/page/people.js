// The dialog behind the chat's name: who is here, what the bot may do, which topics there are.
import { api, attempt } from "./api.js";
import { $, avatar, element } from "./dom.js";
import { chatInfo, isMember, person, view } from "./view.js";

function button(label, verb, fields, danger = false) {
  return element("button", { type: "button", class: danger ? "small danger" : "small", "data-verb": verb, on: { click: () => attempt(() => api(`/sim/${verb}`, fields)) } }, label);
}

function row(face, name, role, ...buttons) {
  return element("div", { class: "person" }, face, element("div", { class: "words" }, element("div", { class: "name" }, name), element("div", { class: "role" }, role)), ...buttons);
}

function memberRow(chat, user) {
  const admin = chat.admins.includes(user.id);
  const fields = { chat: chat.id, user: user.id };
  return row(avatar(user.id, user.first_name, "small"), user.first_name, admin ? "administrator" : "member",
    ...(admin ? [] : [button("Make admin", "promote", fields)]), button("Leave", "leave", fields), button("Remove", "kick", fields, true));
}

function botRow(chat) {
  const bot = view.state.bot;
  const face = avatar(bot.id, bot.first_name, "small");
  const words = { member: "member", administrator: "administrator", left: "not here", kicked: "removed" };
  const fields = { chat: chat.id };
  if (!isMember(chat)) return row(face, bot.first_name, words[chat.bot_status], button("Add", "bot.add", fields));
  const change = chat.bot_status === "administrator" ? button("No admin", "bot.demote", fields) : button("Make admin", "bot.promote", fields);
  return row(face, bot.first_name, `bot · ${words[chat.bot_status]}`, change, button("Remove", "bot.kick", fields, true));
}

function addRow(chat) {
  const outside = view.state.users.filter((user) => !chat.members.includes(user.id));
  if (!outside.length) return "";
  const choice = element("select", { "aria-label": "Who joins" }, ...outside.map((user) => element("option", { value: user.id }, user.first_name)));
  const join = () => attempt(() => api("/sim/join", { chat: chat.id, user: Number(choice.value) }));
  return element("div", { class: "person add" }, choice, element("button", { type: "button", class: "small", "data-verb": "join", on: { click: join } }, "Join"));
}

function topicRow(chat, topic) {
  const fields = { chat: chat.id, thread: topic.thread };
  if (topic.thread === 1) return "";
  return row(element("span", { class: "hash", "aria-hidden": "true" }, "#"), topic.name, topic.closed ? "closed" : "open",
    topic.closed ? button("Reopen", "topic.reopen", fields) : button("Close", "topic.close", fields), button("Delete", "topic.delete", fields, true));
}

function privateRows(chat) {
  const user = person(chat.id);
  const blocked = chat.bot_status === "kicked";
  return [row(avatar(user.id, user.first_name, "small"), user.first_name, `id ${user.id}${user.username ? ` · @${user.username}` : ""}`,
    blocked ? button("Unblock the bot", "unblock", { user: user.id }) : button("Block the bot", "block", { user: user.id }, true),
    button(chat.forum ? "No topics" : "Topics", "user.topics", { user: user.id, on: !chat.forum }))];
}

/** Fills the dialog with what is true now; does nothing while it is closed. */
export function drawPeople() {
  const chat = chatInfo();
  if (!$("people").open || !chat) return;
  $("people-title").textContent = chat.name;
  const rows = chat.type === "private" ? privateRows(chat)
    : [...chat.members.map(person).filter(Boolean).map((user) => memberRow(chat, user)), addRow(chat), botRow(chat)];
  const topics = chat.topics.map((topic) => topicRow(chat, topic)).filter(Boolean);
  if (topics.length) rows.push(element("h3", {}, "Topics"), ...topics);
  $("people-list").replaceChildren(...rows);
}

export function openPeople() {
  if (!chatInfo()) return;
  $("people").showModal();
  drawPeople();
}
