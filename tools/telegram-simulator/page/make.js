// Making people, groups and topics: one dialog that asks for what is needed.
import { api } from "./api.js";
import { $, element } from "./dom.js";
import { view } from "./view.js";

const WORDS = {
  user: { title: "New person", name: "Grace" },
  group: { title: "New group", name: "Household" },
  forum: { title: "New group with topics", name: "Projects" },
  topic: { title: "New topic", name: "Garden" },
};

/** Shows the dialog; answers what was entered, or null. */
function ask(kind) {
  const group = kind === "group" || kind === "forum";
  $("make-title").textContent = WORDS[kind].title;
  $("make-name").value = WORDS[kind].name;
  for (const id of ["make-members", "make-admin-row"]) $(id).hidden = !group;
  $("make-topics-row").hidden = kind !== "user";
  $("make-topics").checked = false;
  $("make-admin").checked = kind === "forum";
  const boxes = view.state.users.map((user) => element("label", { class: "check" },
    element("input", { type: "checkbox", value: user.id, checked: true }), element("span", {}, user.first_name)));
  $("make-members").replaceChildren(element("legend", {}, "People"), ...boxes);
  $("make").returnValue = "";
  $("make").showModal();
  $("make-name").select();
  return new Promise((resolve) => $("make").addEventListener("close", () => {
    const name = $("make-name").value.trim();
    const members = [...$("make-members").querySelectorAll("input:checked")].map((box) => Number(box.value));
    resolve($("make").returnValue === "ok" && name ? { name, members, topics: $("make-topics").checked, admin: $("make-admin").checked } : null);
  }, { once: true }));
}

/** Makes what the menu names; answers {chat} or {thread} to open, or null. */
export async function make(kind) {
  const given = await ask(kind);
  if (!given) return null;
  if (kind === "user") return api("/sim/user.create", { name: given.name, topics: given.topics });
  if (kind === "topic") return api("/sim/topic.create", { chat: view.chat, name: given.name });
  const type = kind === "forum" ? { type: "supergroup", forum: true } : { type: "group" };
  return api("/sim/chat.create", { ...type, bot_admin: given.admin, title: given.name, members: given.members });
}
