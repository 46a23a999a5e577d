// Writing: the text box, hints for commands, files, and the message that is answered.
import { api, attempt } from "./api.js";
import { $, avatar, element } from "./dom.js";
import { icon } from "./icons.js";
import { brief } from "./render.js";
import { chatInfo, isMember, person, placeFields, sender, view } from "./view.js";

const LARGEST_FILE = 20 * 1024 * 1024;
const CHUNK = 0x8000;
let refresh = () => {};

export function drawReply() {
  $("replying").hidden = !view.reply;
  $("replying-text").textContent = view.reply ? `Reply to ${view.reply.name}: ${brief(view.reply)}` : "";
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
  $("message").placeholder = gone ? "Nobody is left to write" : members.length > 1 && current ? `Message as ${current.first_name}` : "Message";
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

/** Sends files one after the other; what is written goes along as the caption of the first. */
async function sendFiles(files) {
  for (const file of files) {
    if (file.size > LARGEST_FILE) { await attempt(() => { throw new Error(`${file.name} is larger than 20 MiB`); }); continue; }
    const kind = file.type.startsWith("image/") ? "photo" : file.type.startsWith("audio/") ? "audio" : file.type.startsWith("video/") ? "video" : "document";
    const caption = $("message").value.trim();
    const sent = await sendWith(`send_${kind}`, { bytes: await base64(file), name: file.name, mime: file.type || "application/octet-stream", ...(caption ? { caption } : {}) });
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
  if (!(await send(text)) && !$("message").value) { $("message").value = text; grow(); }
  $("message").focus();
}

function stopReplying() { view.reply = null; drawReply(); }

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
