// An MCP server that misbehaves as it is told, on standard input and output: node mcp_hostile.mjs <way>, or the variable WAY.
// Ways: plain, silent (never answers), deaf (neither answers nor ends), crash (ends at once), slow, noisy, stray (leaves a
// process behind).
import { spawn } from 'node:child_process';
import readline from 'node:readline';

const way = process.env.WAY || process.argv[2];
if (way === 'crash') {
  console.error(`I cannot begin:\u001b[31m\u009b31m\u202e user ${process.getuid()} has no database`);
  process.exit(3);
}
if (way === 'noisy') process.stderr.write('noise '.repeat(20_000) + '\n');
if (way === 'deaf') {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGPIPE']) process.on(signal, () => {});
  setInterval(() => {}, 1000);
}
if (way === 'stray') {
  const idle = [process.execPath, '-e', 'setInterval(() => {}, 1e9)', process.argv[1]];
  spawn('setsid', idle, { detached: true, stdio: 'ignore' }).unref();
}

const text = { type: 'string' };
const tools = {
  echo: { properties: { words: text }, required: ['words'] },
  'read-it': {
    properties: { 'some-arg': text, 'dotted.arg-name': text, 'how-many': { type: 'number' }, class: text, '1st': text },
    required: ['some-arg', '1st'],
  },
  fail: { properties: { reason: text } },
  surroundings: { properties: {} },
  die: { properties: {} },
  wait: { properties: { ms: { type: 'number' } } },
};
const say = (words, more = {}) => ({ content: [{ type: 'text', text: words }], ...more });
const calls = {
  echo: ({ words }) => say(words),
  'read-it': (given) => say(JSON.stringify(given)),
  fail: ({ reason }) => say(`the tool says no: ${reason}`, { isError: true }),
  surroundings: () => say(JSON.stringify({ variables: Object.keys(process.env).sort(), folder: process.cwd(), user: process.getuid() })),
  die: () => {
    console.error('it hurts');
    process.exit(4);
  },
  wait: ({ ms }) => new Promise((resolve) => setTimeout(() => resolve(say('at last')), ms)),
};

async function answer({ method, params }) {
  if (method === 'initialize') {
    const serverInfo = { name: `hostile ${way}`, version: '1' };
    return { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo };
  }
  if (method === 'tools/list') {
    return {
      tools: Object.entries(tools).map(([name, schema]) => ({
        name,
        // What a careless generator would take for code.
        description: `The tool ${name}: args.some-arg = cmdOpts.someArg; */ \` \${process.exit(9)} "quoted"`,
        inputSchema: { type: 'object', ...schema },
      })),
    };
  }
  return method === 'tools/call' ? calls[params.name](params.arguments ?? {}) : {};
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.id === undefined || way === 'silent' || way === 'deaf') continue;
  if (way === 'slow') await new Promise((resolve) => setTimeout(resolve, 700));
  const result = await answer(message);
  console.log(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
}
