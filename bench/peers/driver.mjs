// Loads one queue through its own library and prints one JSON line with rate and latencies, as bench/load.cpp does over HTTP.
//
//   node driver.mjs creates    QUEUE PLACE CONNECTIONS SECONDS
//   node driver.mjs lifecycles QUEUE PLACE PRODUCERS WORKERS BATCH SECONDS
//   node driver.mjs pickup     bullmq PLACE COUNT
//
// PLACE is a port or the URL of a database. What is counted begins a second after the load does. BENCH_NODE is the folder with
// node_modules.

import { queueOf } from "./queues.mjs";

const WARM_UP_MS = 1000;
const MOST_OPEN_JOBS = 1000; // then producers wait for workers
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const percentile = (sorted, fraction) => sorted[Math.floor(fraction * (sorted.length - 1))] ?? 0;

function fail(error) {
  console.error(error);
  process.exit(1);
}

/** Prints what was counted and ends: what the queue's library still does is of no interest. */
function finish(figures) {
  process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0));
}

async function count(latencies, seconds) {
  await pause(WARM_UP_MS);
  latencies.length = 0;
  const begun = performance.now();
  await pause(seconds * 1000);
  const took = (performance.now() - begun) / 1000;
  const sorted = latencies.slice().sort((a, b) => a - b);
  finish({ count: sorted.length, per_second: sorted.length / took, p50_ms: percentile(sorted, 0.5), p99_ms: percentile(sorted, 0.99) });
}

async function creates(name, place, connections, seconds) {
  const queue = queueOf(name, place, Number(connections), 1);
  await queue.start();
  const latencies = [];
  const produce = async (create) => {
    for (;;) {
      const before = performance.now();
      await create();
      latencies.push(performance.now() - before);
    }
  };
  for (let i = 0; i < Number(connections); i++) produce(await queue.producer()).catch(fail);
  await count(latencies, Number(seconds));
}

async function lifecycles(name, place, producers, workers, batch, seconds) {
  const queue = queueOf(name, place, Number(producers) + Number(workers), batch);
  await queue.start();
  const latencies = [];
  const waiting = [];
  let open = 0;
  const produce = async (create) => {
    for (;;) {
      if (open >= MOST_OPEN_JOBS) await new Promise((resolve) => waiting.push(resolve));
      open++;
      await create();
    }
  };
  const completed = () => {
    open--;
    latencies.push(0);
    waiting.pop()?.();
  };
  await queue.work(Number(workers), completed);
  for (let i = 0; i < Number(producers); i++) produce(await queue.producer()).catch(fail);
  await count(latencies, Number(seconds));
}

/** One idle worker; how long after the begin of a create does it have the job? */
async function pickup(name, place, rounds) {
  const queue = queueOf(name, place, 2, 1);
  await queue.start();
  const create = await queue.producer();
  const latencies = [];
  const createTimes = [];
  let begun = 0;
  let ended = () => {};
  await queue.work(1, () => ended(), () => latencies.push(performance.now() - begun));
  for (let i = 0; i < Number(rounds); i++) {
    await pause(3); // the worker waits for a job again
    const done = new Promise((resolve) => { ended = resolve; });
    begun = performance.now();
    await create();
    createTimes.push(performance.now() - begun);
    await done;
  }
  for (const times of [latencies, createTimes]) times.sort((a, b) => a - b);
  finish({ create_p50_ms: percentile(createTimes, 0.5), p50_ms: percentile(latencies, 0.5), p99_ms: percentile(latencies, 0.99) });
}

process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);
const [what, ...words] = process.argv.slice(2);
await { creates, lifecycles, pickup }[what](...words).catch(fail);
