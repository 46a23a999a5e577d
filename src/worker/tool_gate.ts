// Asks Butler's worker before every tool call and obeys its answer: the policy decides there, a person may be asked,
// and a call that starts is on the orchestrator's record first. Whatever is no plain yes to this very call, a fault
// included, blocks it. The worker gives no prompt to a pi whose gate has not announced itself.
import {
  createBashToolDefinition,
  createEditToolDefinition,
  createReadToolDefinition,
  createWriteToolDefinition,
} from "@earendil-works/pi-coding-agent";

// One call at a time: pi would start the calls of one message together, once all of them are decided, and what was
// allowed first could have become something else while the last was thought about.
const definitions = [createReadToolDefinition, createBashToolDefinition, createEditToolDefinition, createWriteToolDefinition];

export default function (pi: any) {
  for (const define of definitions) {
    pi.registerTool({ ...define(process.cwd()), executionMode: "sequential" });
  }
  pi.on("session_start", async (_event: any, ctx: any) => {
    ctx.ui.setStatus("butler.tool_gate", "1");
  });
  pi.on("tool_call", async (event: any, ctx: any) => {
    let reason = "Butler gave no answer about this tool call, so it was not started.";
    try {
      const call = { toolCallId: event.toolCallId, toolName: event.toolName, input: event.input };
      const text = await ctx.ui.input("butler.tool_call", JSON.stringify(call), { signal: ctx.signal });
      const answer = JSON.parse(text);
      if (answer.toolCallId === event.toolCallId && answer.allow === true) return;
      if (typeof answer.reason === "string" && answer.reason !== "") reason = answer.reason;
    } catch {
      // Blocked below.
    }
    return { block: true, reason };
  });
}
