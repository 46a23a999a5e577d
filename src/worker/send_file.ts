// The tool send_file: the agent's command send-file, which does the work, offered to the model by name. It passes the
// tool gate like every other call.
import { execFile } from "node:child_process";

// As pi's own tools read a path, and the policy with them.
function meantBy(path: string): string {
  const plain = path.replace(/[\u00A0\u2000-\u200A\u202F\u205F\u3000]/g, " ").replace(/^@/, "");
  return plain === "~" || plain.startsWith("~/") ? (process.env.HOME ?? "~") + plain.slice(1) : plain;
}

const kinds = ["photo", "document", "voice", "audio", "video"];

export default function (pi: any) {
  pi.registerTool({
    name: "send_file",
    label: "send_file",
    description:
      "Send a file to the person you work for, into the chat: a picture, a document, a recording. " +
      "At most 50 MiB each, 20 for one request. The file is sent at once, before your answer.",
    parameters: {
      type: "object",
      properties: {
        path: { type: "string", description: "The file, relative to the working directory or absolute" },
        caption: { type: "string", description: "A line below the file, of at most 1024 characters" },
        as: { type: "string", enum: kinds, description: "How the chat shows it; without it the content decides" },
      },
      required: ["path"],
      additionalProperties: false,
    },
    executionMode: "sequential",
    async execute(_toolCallId: string, params: any, signal: AbortSignal | undefined, _onUpdate: any, ctx: any) {
      const words: string[] = [];
      if (params.caption) words.push("--caption", String(params.caption));
      if (params.as) words.push("--as", String(params.as));
      words.push("--", meantBy(String(params.path)));
      const text = await new Promise<string>((resolve, reject) => {
        execFile("send-file", words, { cwd: ctx?.cwd ?? process.cwd(), signal }, (error, stdout, stderr) => {
          if (error) reject(new Error(stderr.trim() || error.message));
          else resolve(stdout.trim());
        });
      });
      return { content: [{ type: "text", text }], details: {} };
    },
  });
}
