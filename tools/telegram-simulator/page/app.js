// The chat page: asks for state and transcript whenever the server says that something changed.
import { draftNode, element, messageNode, serviceText } from "./render.js";

const $ = (id) => document.getElementById(id);
const LIMIT = 300;
const POLL_GRACE_S = 3;
const view = { chat: null, thread: null, state: null, transcript: null, reply: null, commands: [], online: false, nodes: new Map(), shownCallbacks: new Set() };

async function api(path, body) {
  const response = await fetch(path, body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? `HTTP ${response.status}`);
  return answer;
}

let toastTimer;
function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { $("toast").hidden = true; }, 4000);
}

async function attempt(work) {
  try { return await work(); } catch (error) { toast(error.message); return undefined; }
}

function chatInfo() { return view.state?.chats.find((chat) => chat.id === view.chat); }

function initials(name) { return [...(name ?? "?")][0]?.toUpperCase() ?? "?"; }

function avatar(id, name) { return element("div", { class: `avatar c${[...String(name)].reduce((sum, char) => sum + char.codePointAt(0), Math.abs(id)) % 5}`, "aria-hidden": "true" }, initials(name)); }

const actions = {
  command: (text) => send(text),
  reply: (message) => { view.reply = message; drawReply(); $("message").focus(); },
  react: (message) => attempt(() => {
    const mine = message.reactions.some((item) => item.user === sender());
    return api("/sim/react", { chat: view.chat, message: message.message_id, user: sender(), emoji: mine ? "" : "👍" });
  }),
  stop: (draft) => attempt(() => api("/sim/stop_draft", { chat: view.chat, draft: draft.draft_id, ...(draft.thread ? { thread: draft.thread } : {}) })),
  press: (message, row, col, button, node) => attempt(async () => {
    if (button.copy_text) { await navigator.clipboard?.writeText(button.copy_text.text); toast("Copied"); return; }
    if (button.url) { window.open(button.url, "_blank", "noopener,noreferrer"); return; }
    node.classList.add("busy");
    await api("/sim/press", { chat: view.chat, message: message.message_id, user: sender(), row, col });
    setTimeout(() => node.classList.remove("busy"), 15000);
  }),
  show: (id) => {
    const node = view.nodes.get(id)?.node;
    if (!node) return;
    node.scrollIntoView({ block: "center" });
    node.classList.add("flash");
    setTimeout(() => node.classList.remove("flash"), 1200);
  },
};

function sender() {
  const chat = chatInfo();
  return chat?.type === "private" ? chat.id : Number($("as").value || chat?.members[0]);
}

function drawChats() {
  const nodes = view.state.chats.filter((chat) => chat.migrated_to === null).map((chat) => {
    const kind = chat.type === "private" ? "" : chat.forum ? "topics" : "group";
    const node = element("button", { type: "button", class: "chat", "data-chat": chat.id, "aria-current": chat.id === view.chat, on: { click: () => open(chat.id) } },
      avatar(chat.id, chat.name),
      element("div", { class: "body" },
        element("div", { class: "name" }, chat.type === "private" ? `${chat.name} → ${view.state.bot.first_name}` : chat.name, element("span", { class: "kind" }, kind)),
        element("div", { class: "last" }, chat.id === view.chat ? lastText() : chat.last_text || "no messages yet")));
    return node;
  });
  $("chats").replaceChildren(...nodes);
}

function lastText() {
  const last = view.transcript?.messages.at(-1);
  if (!last) return "no messages yet";
  return last.service ? serviceText(last) : `${last.from === "user" ? "You: " : ""}${last.text.replaceAll("\n", " ").slice(0, 80)}`;
}

function drawHeader() {
  const { bot, note } = view.state;
  const chat = chatInfo();
  const isPrivate = chat?.type === "private";
  $("bot-name").textContent = isPrivate || !chat ? bot.first_name : chat.name;
  $("avatar").textContent = initials($("bot-name").textContent);
  document.title = `${bot.first_name}: Telegram stand-in`;
  $("note").textContent = note;
  $("note").hidden = !note;
  const status = $("status");
  const here = (view.transcript?.typing ?? []).filter((item) => inThread(item.thread));
  const word = { typing: "typing", upload_document: "sending a file", upload_photo: "sending a photo", record_voice: "recording" };
  status.classList.toggle("live", view.online && here.length > 0);
  if (!view.online) status.textContent = "connecting…";
  else if (here.length) {
    status.replaceChildren(word[here[0].action] ?? here[0].action.replaceAll("_", " "), element("span", { class: "dots", "aria-hidden": "true" }, element("i"), element("i"), element("i")));
  } else if (isPrivate || !chat) status.textContent = `@${bot.username} · bot`;
  else status.textContent = `${chat.members.length + (chat.bot_status === "member" || chat.bot_status === "administrator" ? 1 : 0)} members`;
  drawBanner(chat);
}

function drawBanner(chat) {
  let text = "";
  if (!view.online) text = "No connection to the stand-in. Trying again…";
  else if (chat?.bot_status === "kicked") text = chat.type === "private" ? "This person has blocked the bot." : "The bot was removed from this group.";
  else if (!view.state.polling && view.state.seconds_since_poll > POLL_GRACE_S) {
    text = "The bot is not asking for messages. What you write waits until it is started.";
  } else if (!view.state.polling) {
    clearTimeout(drawBanner.timer);
    drawBanner.timer = setTimeout(refresh, POLL_GRACE_S * 1000);
  }
  $("banner").textContent = text;
  $("banner").hidden = !text;
}

function inThread(thread) { return !chatInfo()?.forum || (thread ?? null) === view.thread; }

function drawTopics() {
  const chat = chatInfo();
  $("topics").hidden = !chat?.forum;
  if (!chat?.forum) return;
  const topics = chat.topics.some((topic) => topic.thread === 1) ? chat.topics : [{ thread: 1, name: "General" }, ...chat.topics];
  $("topics").replaceChildren(...topics.map((topic) => {
    const thread = topic.thread === 1 ? null : topic.thread;
    return element("button", { type: "button", role: "tab", "aria-selected": String(thread === view.thread), "data-thread": topic.thread, on: { click: () => { view.thread = thread; draw(true); } } }, topic.name + (topic.closed ? " 🔒" : ""));
  }));
}

function drawMessages(jump) {
  const box = $("messages");
  const atEnd = jump || box.scrollHeight - box.scrollTop - box.clientHeight < 90;
  const all = view.transcript.messages;
  const byId = new Map(all.map((message) => [message.message_id, message]));
  const shown = all.filter((message) => inThread(message.thread));
  const isGroup = chatInfo()?.type !== "private";
  const wanted = [];
  const nodes = new Map();
  let day = "";
  shown.forEach((message, index) => {
    const date = new Date(message.date * 1000).toLocaleDateString(undefined, { day: "numeric", month: "long" });
    if (date !== day) { wanted.push(element("div", { class: "day" }, date)); day = date; }
    const same = (other) => other && !other.service && other.user === message.user;
    const context = { first: !same(shown[index - 1]), last: !same(shown[index + 1]), reply: message.reply_to ? byId.get(message.reply_to) : undefined };
    context.showName = isGroup && context.first;
    const key = JSON.stringify([message, context]);
    const old = view.nodes.get(message.message_id);
    // A node whose message did not change stays, with its scroll position, focus and opened spoilers.
    const node = old?.key === key ? old.node : messageNode(message, context, actions);
    nodes.set(message.message_id, { key, node });
    wanted.push(node);
  });
  view.nodes = nodes;
  for (const draft of view.transcript.drafts.filter((item) => inThread(item.thread))) wanted.push(draftNode(draft, actions));
  if (!wanted.length) wanted.push(emptyNode());
  box.replaceChildren(...wanted);
  if (atEnd) box.scrollTop = box.scrollHeight;
  scrolled();
}

function emptyNode() {
  const node = element("div", { class: "empty" }, element("strong", {}, view.state.bot.first_name), "No messages here yet. Press Start, or write below.");
  node.append(element("br"), element("button", { type: "button", id: "start", on: { click: () => send("/start") } }, "Start"));
  return node;
}

function drawReply() {
  $("replying").hidden = !view.reply;
  $("replying-text").textContent = view.reply ? `Reply to ${view.reply.name}: ${view.reply.text.slice(0, 100)}` : "";
}

function drawSenders() {
  const chat = chatInfo();
  const several = chat && chat.type !== "private" && chat.members.length > 1;
  document.querySelector(".as").classList.toggle("hidden", !several);
  const before = $("as").value;
  const members = (chat?.members ?? []).map((id) => view.state.users.find((user) => user.id === id)).filter(Boolean);
  $("as").replaceChildren(...members.map((user) => element("option", { value: user.id }, user.first_name)));
  if (members.some((user) => String(user.id) === before)) $("as").value = before;
}

function drawAnswers() {
  // What answerCallbackQuery says is shown once, to whom pressed.
  for (const item of view.state.callbacks) {
    if (!item.answer || view.shownCallbacks.has(item.id)) continue;
    view.shownCallbacks.add(item.id);
    document.querySelectorAll(".keyboard .busy").forEach((node) => node.classList.remove("busy"));
    if (item.answer.text && item.chat === view.chat && drawAnswers.ready) toast(item.answer.text);
  }
  drawAnswers.ready = true;
}

function draw(jump = false) {
  drawChats();
  drawHeader();
  drawTopics();
  drawSenders();
  drawMessages(jump);
  drawAnswers();
}

let refreshing = false;
let again = false;
let jumpNext = false;
async function refresh(jump = false) {
  jumpNext ||= jump === true;
  if (refreshing) { again = true; return; }
  refreshing = true;
  try {
    do {
      again = false;
      const first = view.state === null;
      view.state = await api("/sim/state");
      if (view.chat === null || !chatInfo()) view.chat = view.state.owner_id;
      const chat = chatInfo();
      if (chat.migrated_to !== null) view.chat = chat.migrated_to;
      view.transcript = await api(`/sim/chat/${view.chat}?limit=${LIMIT}`);
      view.online = true;
      draw(jumpNext || first);
      jumpNext = false;
    } while (again);
  } catch {
    view.online = false;
    if (view.state) drawHeader();
  } finally {
    refreshing = false;
  }
}

function open(chat) {
  view.chat = chat;
  view.thread = null;
  view.reply = null;
  view.nodes = new Map();
  $("app").classList.remove("list");
  drawReply();
  refresh(true);
}

async function send(text) {
  const body = { chat: view.chat, user: sender(), text };
  if (view.reply) body.reply_to = view.reply.message_id;
  if (view.thread) body.thread = view.thread;
  const sent = await attempt(() => api("/sim/send_text", body));
  if (sent) { view.reply = null; drawReply(); refresh(true); }
  return sent;
}

function grow() {
  const box = $("message");
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`;
  $("send").disabled = !box.value.trim();
}

function commandsHere() {
  const chat = chatInfo();
  const rank = (scope) => {
    if (scope.type === "chat" && scope.chat_id === view.chat) return 3;
    if (scope.type === "all_private_chats") return chat?.type === "private" ? 2 : 0;
    if (scope.type === "all_group_chats") return chat?.type !== "private" ? 2 : 0;
    return scope.type === "default" ? 1 : 0;
  };
  const fitting = view.commands.filter((item) => rank(item.scope) > 0 && !item.language_code);
  fitting.sort((a, b) => rank(b.scope) - rank(a.scope));
  return fitting[0]?.commands ?? [];
}

async function hints() {
  const typed = $("message").value;
  if (!/^\/\w*$/.test(typed)) { $("hints").hidden = true; return; }
  view.commands = (await attempt(() => api("/sim/commands")))?.commands ?? [];
  const found = commandsHere().filter((item) => `/${item.command}`.startsWith(typed));
  $("hints").hidden = !found.length || $("message").value !== typed;
  $("hints").replaceChildren(...found.map((item) => element("button", { type: "button", role: "option", "aria-selected": "false", on: { click: () => {
    $("message").value = `/${item.command} `;
    $("hints").hidden = true;
    grow();
    $("message").focus();
  } } }, element("b", {}, `/${item.command}`), element("span", {}, item.description))));
}

function ask(title, value) {
  $("ask-title").textContent = title;
  $("ask-input").value = value;
  $("ask").returnValue = "";
  $("ask").showModal();
  $("ask-input").select();
  return new Promise((resolve) => $("ask").addEventListener("close", () => resolve($("ask").returnValue === "ok" ? $("ask-input").value.trim() : ""), { once: true }));
}

const make = {
  async user() {
    const name = await ask("Name of the new person", "Grace");
    return name ? (await api("/sim/user.create", { name })).chat : null;
  },
  async group() {
    const title = await ask("Name of the group", "Household");
    return title ? (await api("/sim/chat.create", { type: "group", title, members: view.state.users.map((user) => user.id) })).chat : null;
  },
  async forum() {
    const title = await ask("Name of the group", "Projects");
    return title ? (await api("/sim/chat.create", { type: "supergroup", forum: true, bot_admin: true, title, members: view.state.users.map((user) => user.id) })).chat : null;
  },
  async topic() {
    const name = await ask("Name of the topic", "Garden");
    if (!name) return null;
    view.thread = (await api("/sim/topic.create", { chat: view.chat, name })).thread;
    await refresh(true);
    return null;
  },
};

function toggleMenu(show) {
  $("menu").hidden = !show;
  $("new").setAttribute("aria-expanded", String(show));
  document.querySelector("[data-make=topic]").disabled = !chatInfo()?.forum;
}

function scrolled() {
  const box = $("messages");
  $("down").hidden = box.scrollHeight - box.scrollTop - box.clientHeight < 240;
}

function listen() {
  const stream = new EventSource("/sim/events");
  stream.onopen = () => refresh();
  stream.onmessage = () => refresh();
  stream.onerror = () => {
    view.online = false;
    if (view.state) drawHeader();
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 1000);
  };
}

$("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("message").value;
  if (!text.trim()) return;
  $("message").value = "";
  $("hints").hidden = true;
  grow();
  if (!(await send(text)) && !$("message").value) { $("message").value = text; grow(); }
  $("message").focus();
});
$("message").addEventListener("input", () => { grow(); hints(); });
$("message").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); $("composer").requestSubmit(); }
  if (event.key === "Escape") { $("hints").hidden = true; view.reply = null; drawReply(); }
});
$("new").addEventListener("click", (event) => { event.stopPropagation(); toggleMenu($("menu").hidden); });
document.addEventListener("click", () => toggleMenu(false));
document.querySelectorAll("[data-make]").forEach((node) => node.addEventListener("click", () => attempt(async () => {
  const chat = await make[node.dataset.make]();
  if (chat) open(chat);
})));
$("replying-cancel").addEventListener("click", () => { view.reply = null; drawReply(); });
$("back").addEventListener("click", () => $("app").classList.add("list"));
$("down").addEventListener("click", () => { $("messages").scrollTop = $("messages").scrollHeight; });
$("messages").addEventListener("scroll", scrolled);
grow();
listen();
