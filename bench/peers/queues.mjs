// One class for each queue that is measured beside Butler's, through its own library. What a class has:
//
//   start()             makes what the queue needs
//   producer()          → an async function that makes one job
//   work(n, completed)  n workers; completed() after each job whose completion has been answered
//   stop()              ends the workers

import { createRequire } from "node:module";

// The packages lie in the build folder, away from this file.
const require = createRequire(`${process.env.BENCH_NODE}/`);

const PAYLOAD = { prompt: "measure", channel: "api", chatId: "1", requesterId: "1", sessionKey: "12345678901234567890-123456" };
const QUEUE = "bench";
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A BullMQ queue in a Redis on a port of this machine: a connection for each producer, one worker that runs n jobs at a time. */
class BullMq {
  constructor(port) {
    this.connection = { host: "127.0.0.1", port: Number(port), maxRetriesPerRequest: null };
    this.library = require("bullmq");
  }
  async start() {}
  async producer() {
    const queue = new this.library.Queue(QUEUE, { connection: this.connection });
    await queue.waitUntilReady();
    return () => queue.add("measure", PAYLOAD);
  }
  async work(n, completed, claimed = () => {}) {
    this.worker = new this.library.Worker(QUEUE, async () => claimed(), { connection: this.connection, concurrency: n });
    this.worker.on("completed", completed);
    this.worker.on("error", (error) => { throw error; });
    await this.worker.waitUntilReady();
  }
}

/** A pg-boss queue; each worker fetches so many jobs at a time and completes them together. */
class PgBoss {
  constructor(url, connections, batch) {
    const module = require("pg-boss");
    const Boss = module.PgBoss ?? module.default ?? module;
    this.boss = new Boss({ connectionString: url, max: connections, supervise: false, schedule: false });
    this.batch = Number(batch);
  }
  async start() {
    this.boss.on("error", (error) => { throw error; });
    await this.boss.start();
    await this.boss.createQueue(QUEUE);
  }
  async producer() {
    return () => this.boss.send(QUEUE, PAYLOAD);
  }
  async work(n, completed) {
    const worker = async () => {
      for (;;) {
        const jobs = await this.boss.fetch(QUEUE, { batchSize: this.batch });
        if (jobs.length > 0) await this.boss.complete(QUEUE, jobs.map((job) => job.id));
        else await pause(2);
        for (const _ of jobs) completed();
      }
    };
    for (let i = 0; i < n; i++) worker();
  }
}

/** graphile-worker as it is set up by default, but for how many jobs it runs at a time. */
class Graphile {
  constructor(url, connections) {
    const { Pool } = require("pg");
    this.pool = new Pool({ connectionString: url, max: connections });
    this.library = require("graphile-worker");
    this.logger = new this.library.Logger(() => () => {}); // it would print a line for each job
  }
  async start() {
    this.utils = await this.library.makeWorkerUtils({ pgPool: this.pool, logger: this.logger });
    await this.utils.migrate();
  }
  async producer() {
    return () => this.utils.addJob("measure", PAYLOAD);
  }
  async work(n, completed) {
    const events = new (require("node:events").EventEmitter)();
    events.on("job:complete", completed);
    const taskList = { measure: async () => {} };
    await this.library.run({ pgPool: this.pool, concurrency: n, noHandleSignals: true, taskList, events, logger: this.logger });
  }
}

/** The queue of this name. */
export function queueOf(name, place, connections, batch) {
  switch (name) {
    case "bullmq": return new BullMq(place);
    case "pg-boss": return new PgBoss(place, connections, batch);
    case "graphile-worker": return new Graphile(place, connections);
    default: throw new Error(`no queue is called ${name}`);
  }
}
