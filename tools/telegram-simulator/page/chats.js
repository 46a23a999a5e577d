// The list of chats, the header of the open one, and its topics.
import { $, avatar, element } from "./dom.js";
import { icon } from "./icons.js";
import { brief } from "./render.js";
import { chatInfo, inThread, isMember, view } from "./view.js";

const POLL_GRACE_S = 3;
const ACTIONS = { typing: "typing", upload_document: "sending a file", upload_photo: "sending a photo", upload_video: "sending a video", upload_voice: "sending a voice message", record_voice: "recording" };

function lastLine(chat) {
  const last = chat.last_message;
  if (!last) return "no messages yet";
  if (last.service) return brief(last);
  const who = last.from === "bot" ? `${view.state.bot.first_name}: ` : chat.type === "private" ? "You: " : `${last.name}: `;
  return who + brief(last);
}

function kindOf(chat) {
  if (chat.forum) return "topics";
  return chat.type === "private" ? "" : chat.type === "channel" ? "channel" : "group";
}

export function drawChats(open) {
  const nodes = view.state.chats.filter((chat) => chat.migrated_to === null).map((chat) => {
    const newest = chat.last_message?.message_id ?? 0;
    if (chat.id === view.chat || !view.seen.has(chat.id)) view.seen.set(chat.id, newest);
    const title = chat.type === "private" ? element("span", { class: "title" }, chat.name, element("span", { class: "arrow" }, ` → ${view.state.bot.first_name}`)) : element("span", { class: "title" }, chat.name);
    return element("button", { type: "button", class: "chat", "data-chat": chat.id, "aria-current": chat.id === view.chat, on: { click: () => open(chat.id) } },
      avatar(chat.id, chat.name),
      element("div", { class: "body" },
        element("div", { class: "name" }, title, element("span", { class: "kind" }, kindOf(chat))),
        element("div", { class: "last" }, lastLine(chat))),
      ...(newest > view.seen.get(chat.id) ? [element("span", { class: "unread", title: "New messages" })] : []));
  });
  $("chats").replaceChildren(...nodes);
}

function statusText(chat) {
  const { bot } = view.state;
  if (!chat || chat.type === "private") return `@${bot.username} · bot`;
  const count = chat.members.length + (isMember(chat) ? 1 : 0);
  return `${count} ${count === 1 ? "member" : "members"}${isMember(chat) ? "" : " · the bot is not here"}`;
}

export function drawHeader(refresh) {
  const { bot, note } = view.state;
  const chat = chatInfo();
  const isPrivate = !chat || chat.type === "private";
  const name = isPrivate ? bot.first_name : chat.name;
  $("bot-name").textContent = name;
  $("avatar").replaceChildren(avatar(isPrivate ? bot.id : chat.id, name, "header"));
  document.title = `${bot.first_name}: Telegram stand-in`;
  $("note").textContent = note;
  $("note").hidden = !note;
  const status = $("status");
  const here = (view.transcript?.typing ?? []).filter((item) => inThread(item.thread));
  status.classList.toggle("live", view.online && here.length > 0);
  if (!view.online) status.textContent = "connecting…";
  else if (here.length) {
    const who = isPrivate ? "" : `${bot.first_name} is `;
    status.replaceChildren(who + (ACTIONS[here[0].action] ?? here[0].action.replaceAll("_", " ")), element("span", { class: "dots", "aria-hidden": "true" }, element("i"), element("i"), element("i")));
  } else status.textContent = statusText(chat);
  drawBanner(chat, refresh);
}

function drawBanner(chat, refresh) {
  let text = "";
  if (!view.online) text = "No connection to the stand-in. Trying again…";
  else if (chat?.bot_status === "kicked") text = chat.type === "private" ? "This person has blocked the bot." : "The bot was removed from this group.";
  else if (!view.state.polling && !view.state.webhook && view.state.seconds_since_poll > POLL_GRACE_S) {
    text = "The bot is not asking for messages. What you write waits until it is started.";
  } else if (!view.state.polling) {
    clearTimeout(drawBanner.timer);
    drawBanner.timer = setTimeout(refresh, POLL_GRACE_S * 1000);
  }
  $("banner").textContent = text;
  $("banner").hidden = !text;
}

function newestIn(thread) {
  return view.transcript.messages.findLast((message) => (message.thread ?? null) === thread)?.message_id ?? 0;
}

export function drawTopics(choose, add) {
  const chat = chatInfo();
  $("topics").hidden = !chat?.forum;
  if (!chat?.forum) return;
  const topics = chat.topics.some((topic) => topic.thread === 1) ? chat.topics : [{ thread: 1, name: "General" }, ...chat.topics];
  const tabs = topics.map((topic) => {
    const thread = topic.thread === 1 ? null : topic.thread;
    const key = `${chat.id}/${topic.thread}`;
    const newest = newestIn(thread);
    if (thread === view.thread || !view.seen.has(key)) view.seen.set(key, newest);
    return element("button", { type: "button", role: "tab", "aria-selected": String(thread === view.thread), "data-thread": topic.thread, on: { click: () => choose(thread) } },
      element("span", { class: "hash", "aria-hidden": "true" }, "#"), topic.name, ...(topic.closed ? [icon("lock")] : []),
      ...(newest > view.seen.get(key) ? [element("span", { class: "unread", title: "New messages" })] : []));
  });
  $("topics").replaceChildren(...tabs, element("button", { type: "button", class: "plus", title: "New topic", "aria-label": "New topic", on: { click: add } }, "+"));
}
