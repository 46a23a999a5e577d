// Files, places and contacts as placeholders: what it is, how large, and a link to fetch it.
import { element } from "./dom.js";
import { icon } from "./icons.js";

const NAMES = { photo: "Photo", document: "File", voice: "Voice message", audio: "Audio", video: "Video", sticker: "Sticker", location: "Location", contact: "Contact" };

export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1000).toFixed(bytes < 1e4 ? 1 : 0)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function duration(seconds) { return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`; }

/** One line for lists: "File notes.md". */
export function mediaText(media) { return [NAMES[media.kind], media.file_name].filter(Boolean).join(" "); }

function details(media) {
  if (media.kind === "location") return `${media.latitude.toFixed(4)}, ${media.longitude.toFixed(4)}`;
  if (media.kind === "contact") return media.phone_number;
  const found = [media.duration !== undefined ? duration(media.duration) : "", media.kind === "photo" || media.kind === "video" ? `${media.width} × ${media.height}` : "", size(media.file_size ?? 0)];
  return found.filter(Boolean).join(" · ");
}

/** The placeholder of a message's file, place or contact. */
export function mediaNode(media) {
  const title = media.kind === "contact" ? media.first_name : media.file_name ?? NAMES[media.kind];
  const picture = media.kind === "sticker" ? element("span", { class: "sticker" }, media.emoji ?? "") : element("span", { class: "kind" }, icon(media.kind));
  const node = element("div", { class: `media ${media.kind}`, "data-kind": media.kind }, picture,
    element("div", { class: "about" }, element("div", { class: "title" }, title), element("div", { class: "details" }, details(media))));
  if (media.file_id) {
    const name = media.file_name ?? `${media.kind}`;
    node.append(element("a", { class: "download", href: `/sim/file/${media.file_id}`, download: name, title: "Download", "aria-label": `Download ${name}` }, icon("download")));
  }
  return node;
}
