// Drawn icons, so that the page looks the same on machines without a font for emoji.

const PATHS = {
  attach: "M18.5 11.5 11 19a4.6 4.6 0 0 1-6.5-6.5l8-8a3.1 3.1 0 0 1 4.4 4.4l-8 8a1.5 1.5 0 0 1-2.2-2.2l7.3-7.3",
  document: "M6.5 3h7l4.5 4.5V21h-11.5zM13.5 3v4.5h4.5M9.5 12.5h6M9.5 16.5h6",
  photo: "M3.5 5h17v14h-17zM3.5 16.5l5-5 4 4 2.5-2.5 5.5 5.5M15.5 9.5h.01",
  voice: "M12 3.5a2.8 2.8 0 0 1 2.8 2.8v5a2.8 2.8 0 0 1-5.6 0v-5A2.8 2.8 0 0 1 12 3.5zM5.8 11.5a6.2 6.2 0 0 0 12.4 0M12 17.7V21",
  audio: "M9 18V5.5l10-2V16M9 18a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM19 16a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z",
  video: "M3.5 6h11.5v12H3.5zM15 10.5l5.5-3v9l-5.5-3",
  sticker: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM8.5 14a4.5 4.5 0 0 0 7 0M9 9.5h.01M15 9.5h.01",
  location: "M12 21c4-5 6-8 6-11a6 6 0 1 0-12 0c0 3 2 6 6 11zM12 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  contact: "M12 11.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c.5-4 3.5-6 7.5-6s7 2 7.5 6",
  download: "M12 4v11M7.5 10.5 12 15l4.5-4.5M5 20h14",
  remove: "M4.5 6.5h15M9.5 6V3.5h5V6M6.5 6.5 7.5 20.5h9l1-14M10 10.5v6M14 10.5v6",
  lock: "M6 10.5h12v10H6zM8.5 10.5v-3a3.5 3.5 0 0 1 7 0v3",
};
const SVG = "http://www.w3.org/2000/svg";

/** An icon in the colour of the text around it. */
export function icon(name) {
  const node = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "drawn", "aria-hidden": "true" })) node.setAttribute(key, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  node.append(path);
  return node;
}
