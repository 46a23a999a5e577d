// Turns messages into DOM nodes.
import { avatar, colour, element } from "./dom.js";
import { icon } from "./icons.js";
import { isVisual, mediaNode, mediaText } from "./media.js";

const SAFE_LINK = /^(https?|tg|ton|tonsite|mailto):/i;

function link(url, visible) {
  const target = SAFE_LINK.test(url) ? url : `http://${url}`;
  return element("a", { href: target, target: "_blank", rel: "noreferrer noopener" }, ...visible);
}

function copyButton(text) {
  return element("button", { type: "button", class: "copy", on: { click: () => navigator.clipboard?.writeText(text) } }, "copy");
}

/** Wraps the nodes that an entity covers. */
function wrap(entity, covered, nodes, actions) {
  switch (entity.type) {
    case "bold": return element("strong", {}, ...nodes);
    case "italic": return element("em", {}, ...nodes);
    case "underline": return element("u", {}, ...nodes);
    case "strikethrough": return element("s", {}, ...nodes);
    case "spoiler": {
      const node = element("span", { class: "spoiler", role: "button", tabindex: 0, "aria-label": "Spoiler" }, ...nodes);
      node.addEventListener("click", () => node.classList.add("open"));
      return node;
    }
    case "code": {
      const node = element("code", { title: "Copy" }, ...nodes);
      node.addEventListener("click", () => navigator.clipboard?.writeText(covered));
      return node;
    }
    case "pre": {
      const node = element("pre", { tabindex: 0 });
      if (entity.language) {
        node.append(element("span", { class: "lang" }, element("span", {}, entity.language), copyButton(covered)));
        node.dataset.language = entity.language;
      }
      node.append(element("span", { class: "body" }, ...nodes));
      return node;
    }
    case "blockquote": return element("blockquote", {}, ...nodes);
    case "expandable_blockquote": {
      const node = element("blockquote", { class: "expandable" }, ...nodes);
      node.addEventListener("click", () => node.classList.add("open"));
      return node;
    }
    case "text_link": return link(entity.url ?? "", nodes);
    case "url": return link(covered, nodes);
    case "email": return link(`mailto:${covered}`, nodes);
    case "bot_command": {
      return element("button", { type: "button", class: "command", on: { click: () => actions.command(covered) } }, ...nodes);
    }
    case "mention": case "hashtag": case "cashtag": case "text_mention": return element("a", {}, ...nodes);
    case "date_time": return element("time", { title: new Date((entity.unix_time ?? 0) * 1000).toLocaleString() }, ...nodes);
    default: return element("span", {}, ...nodes);
  }
}

/** A text with its entities. Their offsets count UTF-16 units, as JavaScript's strings do. */
export function richText(text, entities, actions) {
  const ordered = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  let at = 0;
  function part(begin, end) {
    const nodes = [];
    let position = begin;
    while (at < ordered.length && ordered[at].offset < end) {
      const entity = ordered[at++];
      const stop = Math.min(entity.offset + entity.length, end);
      if (entity.offset > position) nodes.push(text.slice(position, entity.offset));
      const start = Math.max(entity.offset, position);
      nodes.push(wrap(entity, text.slice(start, stop), part(start, stop), actions));
      position = stop;
    }
    if (position < end) nodes.push(text.slice(position, end));
    return nodes;
  }
  const nodes = part(0, text.length);
  // A block brings its own line break; the one written after it would show as an empty line.
  nodes.forEach((node, index) => {
    const before = nodes[index - 1];
    if (typeof node === "string" && before instanceof HTMLElement && /^(PRE|BLOCKQUOTE)$/.test(before.tagName) && node.startsWith("\n")) {
      nodes[index] = node.slice(1);
    }
    const after = nodes[index + 1];
    if (typeof nodes[index] === "string" && after instanceof HTMLElement && /^(PRE|BLOCKQUOTE)$/.test(after.tagName) && nodes[index].endsWith("\n")) {
      nodes[index] = nodes[index].slice(0, -1);
    }
  });
  return element("div", { class: "text" }, ...nodes);
}

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** The words for a service message, such as a new topic. */
export function serviceText(message) {
  const service = message.service ?? {};
  const names = (service.new_chat_members ?? []).map((user) => user.first_name).join(", ");
  if (service.forum_topic_created) return `${message.name} created the topic “${service.forum_topic_created.name}”`;
  if (service.forum_topic_closed) return `${message.name} closed the topic`;
  if (service.forum_topic_reopened) return `${message.name} reopened the topic`;
  if (service.migrate_to_chat_id) return "This group became a supergroup";
  if (service.migrate_from_chat_id) return "Continued from a basic group";
  if (names) return service.new_chat_members[0].id === message.user ? `${names} joined the group` : `${message.name} added ${names}`;
  if (service.left_chat_member) {
    const left = service.left_chat_member;
    return left.id === message.user ? `${left.first_name} left the group` : `${message.name} removed ${left.first_name}`;
  }
  return Object.keys(service).join(", ").replaceAll("_", " ");
}

/** A message as one line, for lists and quotes. */
export function brief(message) {
  if (message.service) return serviceText(message);
  const text = message.text.replaceAll("\n", " ").slice(0, 100);
  return message.media ? `${mediaText(message.media)}${text ? ` · ${text}` : ""}` : text;
}

function keyboard(message, actions) {
  const node = element("div", { class: "keyboard" });
  message.reply_markup.inline_keyboard.forEach((row, line) => {
    const cells = row.map((button, column) => element("button", {
      type: "button", class: button.style ?? "", disabled: "disabled" in button, "data-callback": button.callback_data,
      on: { click: (event) => actions.press(message, line, column, button, event.currentTarget) },
    }, button.text + (button.url ? " ↗" : "")));
    node.append(element("div", { class: "line" }, ...cells));
  });
  return node;
}

const REACTIONS = ["👍", "👎", "❤", "🔥", "🎉", "👀"];

function acts(message, own, actions) {
  const mark = (emoji) => element("button", { type: "button", title: emoji, "aria-label": `React with ${emoji}`, on: { click: () => actions.react(message, emoji) } }, emoji);
  return element("div", { class: "act" },
    element("button", { type: "button", "aria-label": "Reply", title: "Reply", on: { click: () => actions.reply(message) } }, "↩"),
    ...(own && message.text ? [element("button", { type: "button", "aria-label": "Edit", title: "Edit", on: { click: () => actions.edit(message) } }, "✎")] : []),
    element("span", { class: "more" }, ...REACTIONS.map(mark)),
    element("button", { type: "button", "aria-label": "Delete", title: "Delete", on: { click: () => actions.remove(message) } }, icon("remove")));
}

function reactions(message, actions) {
  const counts = new Map();
  for (const item of message.reactions) counts.set(item.emoji, (counts.get(item.emoji) ?? 0) + 1);
  return element("div", { class: "reactions" }, ...[...counts].map(([emoji, count]) => element("button", { type: "button", on: { click: () => actions.react(message, emoji) } }, count > 1 ? `${emoji} ${count}` : emoji)));
}

function meta(message, own) {
  const words = [message.edited ? "edited" : "", time.format(message.date * 1000), own ? "✓✓" : message.silent ? "· silent" : ""];
  return element("span", { class: "meta", title: new Date(message.date * 1000).toLocaleString() }, words.filter(Boolean).join(" "));
}

/** The files of a message or an album, and the words under them; the time stands under all. */
function content(parts, own, actions) {
  const textOf = (part) => richText(part.text, part.rich_message ? [] : part.entities, actions);
  const grid = parts.length > 1 && parts.every((part) => isVisual(part.media));
  const nodes = [];
  if (grid) {
    nodes.push(element("div", { class: "album" }, ...parts.map((part) => mediaNode(part.media))), textOf(parts.find((part) => part.text) ?? parts[0]));
  } else {
    for (const part of parts) nodes.push(...(part.media ? [mediaNode(part.media)] : []), textOf(part));
  }
  nodes.at(-1).append(meta(parts.at(-1), own));
  return nodes;
}

/**
 * One message, or the messages of an album as one. `context` says what stands around it: first/last of a run, the
 * message replied to, whose it is.
 */
export function messageNode(parts, context, actions) {
  const message = parts[0];
  if (message.service) {
    return element("div", { class: "service", "data-message-id": message.message_id }, serviceText(message));
  }
  const bubble = element("div", { class: "bubble" });
  if (context.showName) bubble.append(element("div", { class: `sender n${colour(message.user)}` }, message.name ?? ""));
  if (message.forward_origin) bubble.append(element("div", { class: "forward" }, `Forwarded from ${message.forward_origin.sender_user?.first_name ?? "somebody"}`));
  if (context.reply) {
    bubble.append(element("button", { type: "button", class: "reply", on: { click: () => actions.show(context.reply.message_id) } },
      element("span", { class: "name" }, context.reply.name ?? ""), element("span", {}, brief(context.reply))));
  }
  bubble.append(...content(parts, context.own, actions));
  const reacted = parts.filter((part) => part.reactions.length);
  bubble.append(...reacted.map((part) => reactions(part, actions)), acts(parts.find((part) => part.text) ?? message, context.own, actions));
  const classes = ["message", context.own ? "own" : "", context.first ? "first" : "", context.last ? "last" : ""].filter(Boolean).join(" ");
  const node = element("article", { class: classes, "data-from": message.from, "data-message-id": message.message_id, "data-user": message.user }, bubble);
  if (context.face) node.append(avatar(message.user, message.name, "small"));
  if (message.reply_markup?.inline_keyboard) node.append(keyboard(message, actions));
  return node;
}

/** A draft: what the bot is writing, with the client's own Stop button. */
export function draftNode(draft, actions) {
  const node = element("article", { class: "draft", "data-draft-id": draft.draft_id },
    element("div", { class: "bubble" }, richText(draft.text, draft.entities, actions)));
  if (draft.can_stop && !draft.stopped) {
    node.append(element("div", { class: "keyboard" }, element("div", { class: "line" },
      element("button", { type: "button", class: "stop", on: { click: () => actions.stop(draft) } }, "◼ Stop"))));
  }
  return node;
}
