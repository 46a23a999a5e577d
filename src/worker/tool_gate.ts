// Asks Butler's worker before every tool call. The worker says yes once the call is on the orchestrator's record, so
// that what an agent has begun is known even if the machine dies in the middle of it. Anything but a plain yes,
// a fault included, blocks the call.
export default function (pi: any) {
  pi.on("tool_call", async (event: any, ctx: any) => {
    const call = { toolCallId: event.toolCallId, toolName: event.toolName, input: event.input };
    const confirmed = await ctx.ui.confirm("butler.tool_call", JSON.stringify(call), { signal: ctx.signal });
    if (confirmed !== true) {
      return { block: true, reason: "Butler could not put this tool call on record, so it was not started." };
    }
  });
}
