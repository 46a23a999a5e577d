// Drives the demo's page once through, as a person would: types a message, sends it, waits for the answer.
//   node demo_page.mjs <playwright-core's folder> <address> <profile folder> <message> <screenshot.png>
// Prints what it saw as one JSON line.
import { createRequire } from 'node:module';

const [playwright, address, profile, message, screenshot] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(playwright);

const context = await chromium.launchPersistentContext(profile, {
  executablePath: '/usr/bin/chromium',
  headless: true,
  timeout: 120_000, // a busy machine
  viewport: { width: 900, height: 700 },
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
const faults = [];
try {
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (line) => line.type() === 'error' && faults.push(line.text()));
  await page.goto(address);
  await page.fill('textarea#message', message);
  await page.click('button#send');
  const answer = page.locator('.message[data-from=bot]').filter({ hasText: message }).first();
  await answer.waitFor({ timeout: 60_000 });
  await page.screenshot({ path: screenshot });
  console.log(JSON.stringify({ answer: await answer.innerText(), note: await page.innerText('#note'), faults }));
} finally {
  await context.close();
}
