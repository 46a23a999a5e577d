// What mcporter's wrappers leave open: a wrapper ends in time, says so in its exit status, and leaves nothing running.
import fs from 'node:fs';

const exitTimedOut = 124; // as timeout(1) has it
const closingMs = 2000;

/** What this process has started, and what that has started: [] where /proc cannot be read. */
function descendants() {
  const children = new Map();
  let names = [];
  try {
    names = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return []; // the sandbox shows none: mcporter ends its own child, and the sandbox the rest
  }
  for (const name of names) {
    try {
      const stat = fs.readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // it has ended meanwhile
    }
  }
  const found = [];
  const waiting = [process.pid];
  while (waiting.length > 0) {
    const next = children.get(waiting.pop()) ?? [];
    found.push(...next);
    waiting.push(...next);
  }
  return found;
}

function killDescendants() {
  for (const pid of descendants()) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it has ended meanwhile
    }
  }
}

/** From now on: whatever happens, this process ends after so many milliseconds, and takes all with it. */
export function guard(name, limitMs) {
  process.on('exit', killDescendants);
  setTimeout(() => {
    console.error(`${name}: the MCP server has not answered within ${limitMs / 1000} s`);
    process.exit(exitTimedOut);
  }, limitMs).unref();
}

/** A call has begun: until its result is there, whatever ends this process ends it as failed. */
export function begin() {
  process.exitCode = 1;
}

/** The result is there. A tool that reports an error has failed. */
export function settle(payload) {
  process.exitCode = payload && typeof payload === 'object' && payload.isError === true ? 1 : 0;
}

/** A server that does not end when it is asked to is ended. */
export async function close(context, name) {
  await Promise.race([context.close(name).catch(() => {}), new Promise((resolve) => setTimeout(resolve, closingMs))]);
}

/** All is said: nothing that is still open holds the process. */
export function finish() {
  process.exit();
}
