// Calls of the control API, and the short messages that say how they went.
import { $ } from "./dom.js";

/** GET without a body, else POST; throws what the server says is wrong. */
export async function api(path, body) {
  const response = await fetch(path, body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? `HTTP ${response.status}`);
  return answer;
}

let timer;
export function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(timer);
  timer = setTimeout(hideToast, 4000);
}

export function hideToast() { $("toast").hidden = true; }

/** What has to be read: it stays until OK is pressed. */
export function tell(text) {
  $("alert-text").textContent = text;
  if (!$("alert").open) $("alert").showModal();
}

/** Does the work; what goes wrong is shown instead of thrown. */
export async function attempt(work) {
  try { return await work(); } catch (error) { toast(error.message); return undefined; }
}
