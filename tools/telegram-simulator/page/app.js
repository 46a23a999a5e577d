// The chat page: asks for state and transcript whenever the server says that something changed.
import { api, attempt, hideToast, tell, toast } from "./api.js";
import { drawChats, drawHeader, drawTopics } from "./chats.js";
import { drawReply, drawSenders, send, startComposer, startEditing } from "./composer.js";
import { $, element } from "./dom.js";
import { make } from "./make.js";
import { drawPeople, openPeople } from "./people.js";
import { draftNode, messageNode } from "./render.js";
import { chatInfo, inThread, sender, view } from "./view.js";

const LIMIT = 300;
let nodes = new Map(); // message id → {key, node} of what is drawn
const shownCallbacks = new Set();

const actions = {
  command: (text) => send(text),
  reply: (message) => { view.editing = null; view.reply = message; drawReply(); $("message").focus(); },
  edit: startEditing,
  react: (message, emoji) => attempt(() => {
    const mine = message.reactions.some((item) => item.user === sender() && item.emoji === emoji);
    return api("/sim/react", { chat: view.chat, message: message.message_id, user: sender(), emoji: mine ? "" : emoji });
  }),
  remove: (message) => attempt(() => api("/sim/delete_message", { chat: view.chat, message: message.message_id })),
  stop: (draft) => attempt(() => api("/sim/stop_draft", { chat: view.chat, draft: draft.draft_id, ...(draft.thread ? { thread: draft.thread } : {}) })),
  press: (message, row, col, button, node) => attempt(async () => {
    if (button.copy_text) { await navigator.clipboard?.writeText(button.copy_text.text); toast("Copied"); return; }
    if (button.url) { window.open(button.url, "_blank", "noopener,noreferrer"); return; }
    node.classList.add("busy");
    await api("/sim/press", { chat: view.chat, message: message.message_id, user: sender(), row, col });
    setTimeout(() => node.classList.remove("busy"), 15000);
  }),
  show: (id) => {
    const node = nodes.get(id)?.node;
    if (!node) return;
    node.scrollIntoView({ block: "center" });
    node.classList.add("flash");
    setTimeout(() => node.classList.remove("flash"), 1200);
  },
};

function day(message) { return new Date(message.date * 1000).toLocaleDateString(undefined, { day: "numeric", month: "long" }); }

/** What stands around a message: runs of one person's messages are drawn together. */
function contextOf(message, before, after, byId) {
  const group = chatInfo().type !== "private";
  const own = message.from === "user" && message.user === sender();
  const same = (other) => other && !other.service && other.user === message.user;
  const context = { own, first: !same(before), last: !same(after), reply: message.reply_to ? byId.get(message.reply_to) : undefined };
  context.showName = group && context.first && !own;
  context.face = group && context.last && !own;
  return context;
}

/** The messages of an album, which come one by one, are drawn as one. */
function joinAlbums(messages) {
  const joined = [];
  for (const message of messages) {
    const before = joined.at(-1);
    if (message.media_group_id && before?.[0].media_group_id === message.media_group_id) before.push(message);
    else joined.push([message]);
  }
  return joined;
}

function drawMessages(jump) {
  const box = $("messages");
  atEnd ||= jump;
  const all = view.transcript.messages;
  const byId = new Map(all.map((message) => [message.message_id, message]));
  const shown = joinAlbums(all.filter((message) => inThread(message.thread)));
  const wanted = [];
  const drawn = new Map();
  shown.forEach((parts, index) => {
    const message = parts[0];
    const before = shown[index - 1]?.at(-1);
    if (!before || day(message) !== day(before)) wanted.push(element("div", { class: "day" }, day(message)));
    const context = contextOf(message, before, shown[index + 1]?.[0], byId);
    const key = JSON.stringify([parts, context]);
    const old = nodes.get(message.message_id);
    // A node whose message did not change stays, with its scroll position, focus and opened spoilers.
    const node = old?.key === key ? old.node : messageNode(parts, context, actions);
    for (const part of parts) drawn.set(part.message_id, { key, node });
    wanted.push(node);
  });
  nodes = drawn;
  for (const draft of view.transcript.drafts.filter((item) => inThread(item.thread))) wanted.push(draftNode(draft, actions));
  if (!wanted.length) wanted.push(emptyNode());
  box.classList.toggle("group", chatInfo().type !== "private");
  box.replaceChildren(...wanted);
  keepEnd();
}

let atEnd = true; // whoever reads the newest goes on doing so, whatever comes or grows
function keepEnd() {
  const box = $("messages");
  if (atEnd) box.scrollTop = box.scrollHeight;
  scrolled();
}

function emptyNode() {
  if (chatInfo().type !== "private") return element("div", { class: "empty" }, element("strong", {}, chatInfo().name), "Nothing written here yet. In a group the bot hears commands, mentions and replies.");
  return element("div", { class: "empty" }, element("strong", {}, view.state.bot.first_name), "No messages here yet. Press Start, or write below.", element("br"),
    element("button", { type: "button", id: "start", on: { click: () => send("/start") } }, "Start"));
}

let answersReady = false;
function drawAnswers() {
  // What answerCallbackQuery says is shown once, to whom pressed.
  for (const item of view.state.callbacks) {
    if (!item.answer || shownCallbacks.has(item.id)) continue;
    shownCallbacks.add(item.id);
    document.querySelectorAll(".keyboard .busy").forEach((node) => node.classList.remove("busy"));
    if (item.answer.text && item.chat === view.chat && answersReady) (item.answer.show_alert ? tell : toast)(item.answer.text);
  }
  answersReady = true;
}

function draw(jump = false) {
  drawChats(open);
  drawHeader(refresh);
  drawTopics(choose, () => create("topic"));
  drawSenders();
  drawMessages(jump);
  drawAnswers();
  drawPeople();
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
      await fetchAndDraw();
    } while (again);
  } catch (error) {
    view.online = false;
    if (view.state) drawHeader(refresh);
    if (!(error instanceof TypeError && /fetch/i.test(error.message))) console.error(error);
  } finally {
    refreshing = false;
  }
}

async function fetchAndDraw() {
  const first = view.state === null;
  const before = view.chat;
  view.state = await api("/sim/state");
  // Another chat was opened meanwhile: this state may be older than it.
  if (view.chat !== before) { again = true; return; }
  if (view.chat === null || !chatInfo()) view.chat = view.state.owner_id;
  if (chatInfo().migrated_to !== null) view.chat = chatInfo().migrated_to;
  if (view.thread !== null && !chatInfo().topics.some((topic) => topic.thread === view.thread)) view.thread = null;
  const shown = view.chat;
  view.transcript = await api(`/sim/chat/${shown}?limit=${LIMIT}`);
  if (view.chat !== shown) { again = true; return; }
  view.online = true;
  draw(jumpNext || first);
  jumpNext = false;
}

function open(chat) {
  view.chat = chat;
  hideToast();
  nodes = new Map();
  $("app").classList.remove("list");
  choose(null);
  return refresh(true);
}

function choose(thread) {
  view.thread = thread;
  view.reply = null;
  view.editing = null;
  drawReply();
  if (view.transcript?.id === view.chat) draw(true);
}

async function create(kind) {
  const made = await attempt(() => make(kind));
  if (!made) return;
  if (made.thread === undefined) await open(made.chat);
  else { await refresh(true); choose(made.thread); }
}

function toggleMenu(show) {
  $("menu").hidden = !show;
  $("new").setAttribute("aria-expanded", String(show));
  document.querySelector("[data-make=topic]").disabled = !chatInfo()?.forum;
}

function scrolled() {
  const box = $("messages");
  const below = box.scrollHeight - box.scrollTop - box.clientHeight;
  atEnd = below < 90;
  $("down").hidden = below < 240;
}

function listen() {
  const stream = new EventSource("/sim/events");
  stream.onopen = () => refresh();
  stream.onmessage = () => refresh();
  stream.onerror = () => {
    view.online = false;
    if (view.state) drawHeader(refresh);
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 1000);
  };
}

$("new").addEventListener("click", (event) => { event.stopPropagation(); toggleMenu($("menu").hidden); });
document.addEventListener("click", () => toggleMenu(false));
document.querySelectorAll("[data-make]").forEach((node) => node.addEventListener("click", () => create(node.dataset.make)));
$("info").addEventListener("click", openPeople);
$("back").addEventListener("click", () => $("app").classList.add("list"));
$("down").addEventListener("click", () => { $("messages").scrollTop = $("messages").scrollHeight; });
$("messages").addEventListener("scroll", scrolled);
$("messages").addEventListener("load", keepEnd, true);
new ResizeObserver(keepEnd).observe($("messages"));
startComposer(refresh, () => draw(false));
listen();
