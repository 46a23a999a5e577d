// Photos as pictures; other files, places and contacts as what they are, how large, and a link to fetch them.
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

function link(media, attributes, ...children) {
  const name = media.file_name ?? media.kind;
  return element("a", { href: `/sim/file/${media.file_id}`, download: name, title: "Download", "aria-label": `Download ${name}`, ...attributes }, ...children);
}

/** The picture itself. What the browser cannot show, such as bytes that a test made up, is drawn as a file. */
function photoNode(media) {
  const picture = element("img", { src: `/sim/file/${media.file_id}`, alt: "Photo", width: media.width, height: media.height });
  const node = link(media, { class: "picture download", "data-kind": media.kind }, picture);
  picture.addEventListener("error", () => node.replaceWith(fileNode(media)));
  return node;
}

/** A message's file, place or contact. */
export function mediaNode(media) { return media.kind === "photo" && media.file_id ? photoNode(media) : fileNode(media); }

/** Whether an album of it is a grid; files stand one below the other. */
export function isVisual(media) { return media.kind === "photo" || media.kind === "video"; }

function fileNode(media) {
  const title = media.kind === "contact" ? media.first_name : media.file_name ?? NAMES[media.kind];
  const picture = media.kind === "sticker" ? element("span", { class: "sticker" }, media.emoji ?? "") : element("span", { class: "kind" }, icon(media.kind));
  const node = element("div", { class: `media ${media.kind}`, "data-kind": media.kind }, picture,
    element("div", { class: "about" }, element("div", { class: "title" }, title), element("div", { class: "details" }, details(media))));
  if (media.file_id) node.append(link(media, { class: "download" }, icon("download")));
  return node;
}
