// Writing: the text box, hints for commands, files, and the message that is answered.
import { api, attempt, toast } from "./api.js";
import { $, avatar, element } from "./dom.js";
import { icon } from "./icons.js";
import { brief } from "./render.js";
import { chatInfo, isMember, person, placeFields, sender, view } from "./view.js";

const LARGEST_FILE = 20 * 1024 * 1024;
const LARGEST_ALBUM = 10;
const CHUNK = 0x8000;
let refresh = () => {};

export function drawReply() {
  $("replying").hidden = !view.reply && !view.editing;
  $("replying-text").textContent = view.editing ? `Edit: ${brief(view.editing)}` : view.reply ? `Reply to ${view.reply.name}: ${brief(view.reply)}` : "";
}

/** Who can be written as. A single person needs no choice. */
export function drawSenders() {
  const chat = chatInfo();
  const members = (chat?.type === "private" ? [] : chat?.members ?? []).map(person).filter(Boolean);
  document.querySelector(".as").classList.toggle("hidden", members.length < 1);
  const before = $("as").value;
  const names = JSON.stringify(members.map((user) => [user.id, user.first_name]));
  if ($("as").dataset.names !== names) {
    $("as").dataset.names = names;
    $("as").replaceChildren(...members.map((user) => element("option", { value: user.id }, user.first_name)));
    if (members.some((user) => String(user.id) === before)) $("as").value = before;
  }
  const current = person(Number($("as").value));
  $("as-face").replaceChildren(...(current ? [avatar(current.id, current.first_name, "tiny")] : []));
  const gone = chat && chat.type !== "private" && !chat.members.length;
  for (const id of ["message", "attach"]) $(id).disabled = Boolean(gone);
  $("message").placeholder = gone ? "Nobody is left to write" : "Message";
  if (chat && !isMember(chat) && chat.type === "private") $("message").placeholder = "The bot is blocked";
}

export function grow() {
  const box = $("message");
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`;
  $("send").disabled = !box.value.trim();
}

function where() {
  return { chat: view.chat, user: sender(), ...placeFields(), ...(view.reply ? { reply_to: view.reply.message_id } : {}) };
}

async function sendWith(verb, fields) {
  const sent = await attempt(() => api(`/sim/${verb}`, { ...where(), ...fields }));
  if (sent) { view.reply = null; drawReply(); refresh(true); }
  return sent;
}

export function send(text) { return sendWith("send_text", { text }); }

async function base64(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(text);
}

function kindOf(file) {
  const kind = file.type.split("/")[0];
  return kind === "image" ? "photo" : kind === "audio" || kind === "video" ? kind : "document";
}

/** A file as the verbs take it; with its size in pixels where it is a picture. */
async function fields(file, caption) {
  const made = { kind: kindOf(file), bytes: await base64(file), name: file.name, mime: file.type || "application/octet-stream", ...(caption ? { caption } : {}) };
  const picture = made.kind === "photo" ? await createImageBitmap(file).catch(() => null) : null;
  return picture ? { ...made, width: picture.width, height: picture.height } : made;
}

/** In groups that Telegram takes as albums: up to ten of one sort, where photos and videos go together. */
function albums(files) {
  const sort = (file) => (kindOf(file) === "video" ? "photo" : kindOf(file));
  const groups = [];
  for (const file of files) {
    const last = groups.at(-1);
    if (last && last.length < LARGEST_ALBUM && sort(last[0]) === sort(file)) last.push(file);
    else groups.push([file]);
  }
  return groups;
}

/** Sends files, those that fit together as an album; what is written goes along as the caption of the first. */
async function sendFiles(all) {
  const large = all.filter((file) => file.size > LARGEST_FILE);
  if (large.length) toast(`${large.map((file) => file.name).join(", ")}: larger than 20 MiB`);
  for (const group of albums(all.filter((file) => file.size <= LARGEST_FILE))) {
    const caption = $("message").value.trim();
    const items = await Promise.all(group.map((file, index) => fields(file, index === 0 ? caption : "")));
    const { kind, ...single } = items[0];
    const sent = items.length > 1 ? await sendWith("album", { items }) : await sendWith(`send_${kind}`, single);
    if (sent) { $("message").value = ""; grow(); }
  }
}

async function hints() {
  const typed = $("message").value;
  if (!/^\/\w*$/.test(typed)) { $("hints").hidden = true; return; }
  const answer = await attempt(() => api(`/sim/commands?chat=${view.chat}&user=${sender()}`));
  const found = (answer?.shown ?? []).filter((item) => `/${item.command}`.startsWith(typed));
  $("hints").hidden = !found.length || $("message").value !== typed;
  $("hints").replaceChildren(...found.map((item) => element("button", { type: "button", role: "option", "aria-selected": "false", on: { click: () => {
    $("message").value = `/${item.command} `;
    $("hints").hidden = true;
    grow();
    $("message").focus();
  } } }, element("b", {}, `/${item.command}`), element("span", {}, item.description))));
}

async function submit(event) {
  event.preventDefault();
  const text = $("message").value;
  if (!text.trim()) return;
  $("message").value = "";
  $("hints").hidden = true;
  grow();
  const done = view.editing ? await change(view.editing, text) : await send(text);
  if (!done && !$("message").value) { $("message").value = text; grow(); }
  $("message").focus();
}

async function change(message, text) {
  const changed = await attempt(() => api("/sim/edit", { chat: view.chat, message: message.message_id, text }));
  if (changed) { view.editing = null; drawReply(); }
  return changed;
}

/** The message's text goes into the box, and what is sent next takes its place. */
export function startEditing(message) {
  view.reply = null;
  view.editing = message;
  drawReply();
  $("message").value = message.text;
  grow();
  $("message").focus();
}

function stopReplying() {
  if (view.editing) { $("message").value = ""; grow(); }
  view.reply = null;
  view.editing = null;
  drawReply();
}

/** Wires the composer; `refreshed` fetches and draws what changed. */
export function startComposer(refreshed, redraw) {
  refresh = refreshed;
  $("composer").addEventListener("submit", submit);
  $("message").addEventListener("input", () => { grow(); hints(); });
  $("message").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); $("composer").requestSubmit(); }
    if (event.key === "Escape") { $("hints").hidden = true; stopReplying(); }
  });
  $("as").addEventListener("change", redraw);
  $("replying-cancel").addEventListener("click", stopReplying);
  $("attach").append(icon("attach"));
  $("attach").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", async () => { await sendFiles([...$("file").files]); $("file").value = ""; });
  $("main").addEventListener("dragover", (event) => event.preventDefault());
  $("main").addEventListener("drop", (event) => { event.preventDefault(); sendFiles([...event.dataTransfer.files]); });
  grow();
}
