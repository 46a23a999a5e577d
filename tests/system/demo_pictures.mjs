// Goes through the demo's page as people would, with the real Butler behind it, and makes a picture of what is worth one.
//   node demo_pictures.mjs <playwright-core's folder> <page's address> <profile folder> <folder for pictures or "">
// Each moment is pictured twice: as a desktop in the light sees it, and as a phone in the dark. Prints what was seen as one JSON line.
import { createRequire } from 'node:module';
import { writeFileSync } from 'node:fs';

const [playwright, address, profile, pictures] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(playwright);
const PATIENCE_MS = 60_000;
const DESKTOP = { width: 1080, height: 760 };
const PHONE = { width: 390, height: 780 };
const faults = [];
const seen = {};
let number = 0;

const context = await chromium.launchPersistentContext(profile, {
  executablePath: '/usr/bin/chromium',
  headless: true,
  timeout: 120_000, // a busy machine
  viewport: DESKTOP,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
const page = await context.newPage();
page.setDefaultTimeout(PATIENCE_MS);
page.on('pageerror', (error) => faults.push(String(error)));
page.on('console', (line) => line.type() === 'error' && faults.push(line.text()));

async function picture(name) {
  if (!pictures) return;
  const file = `${pictures}/${String(++number).padStart(2, '0')}-${name}`;
  await page.screenshot({ path: `${file}.png` });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize(PHONE);
  await page.screenshot({ path: `${file}-phone.png` });
  await page.setViewportSize(DESKTOP);
  await page.emulateMedia({ colorScheme: 'light' });
}

/** The last message that holds this. */
const message = (text) => page.locator('.message').filter({ hasText: text }).last();
const answer = (text) => page.locator('.message[data-from=bot]').filter({ hasText: text }).last();
const press = (text, label) => answer(text).getByRole('button', { name: label, exact: true }).click();

async function write(text) {
  await page.fill('textarea#message', text);
  await page.click('button#send');
}

async function openChat(name) {
  await page.locator('.chat .title').filter({ hasText: name }).click();
  await page.locator('.chat[aria-current=true] .title').filter({ hasText: name }).waitFor();
}

async function make(kind, name) {
  await page.click('#new');
  await page.click(`[data-make=${kind}]`);
  await page.fill('#make-name', name);
  await page.click('#make button.primary');
  if (kind !== 'topic') await page.locator('.chat[aria-current=true]').filter({ hasText: name }).waitFor();
}

async function settings() {
  await write('/settings');
  await answer('What is set').waitFor();
  await picture('settings');
  await write('/help');
  await answer('Write what you need').waitFor();
  await picture('help');
}

async function start() {
  await picture('empty');
  await page.click('#start');
  await answer('I am Butler').waitFor();
  await picture('start');
}

async function pairing() {
  await make('user', 'Grace');
  await write('Hello, can you help me?');
  await answer('private assistant').waitFor();
  await picture('pairing-code');
  await openChat('Ada');
  await answer('wants to use me').waitFor();
  await picture('pairing-request');
  await press('wants to use me', 'Approve');
  await answer('wants to use me').getByRole('button', { name: /Let in/ }).waitFor();
  seen.letIn = await answer('wants to use me').locator('.keyboard').innerText();
  await picture('pairing-approved');
  await openChat('Grace');
  await answer('You are in').waitFor();
  await picture('pairing-welcome');
}

async function approvals() {
  await openChat('Ada');
  await write('/run df -h / && ls');
  await answer('df -h').waitFor();
  await picture('approval-before');
  await press('df -h', 'Approve');
  await answer('Filesystem').waitFor();
  await answer('df -h').getByRole('button', { name: /Approved/ }).waitFor();
  seen.approved = await answer('df -h').locator('.keyboard').innerText();
  await picture('approval-after');
  await write('Please deploy the site');
  await answer('./deploy.sh').waitFor();
  await picture('tool-approval-before');
  await press('./deploy.sh', 'Once');
  await answer('It is online').waitFor();
  await picture('tool-approval-after');
}

async function liveInPrivate() {
  await write('Which of my photos are blurred?');
  await message('Which of my photos').locator('.reactions').waitFor();
  await picture('reaction');
  await page.locator('.draft').filter({ hasText: 'sleep' }).waitFor();
  await picture('draft');
  await page.locator('.draft .stop').click();
  await answer('(stopped)').waitFor();
  await page.locator('.draft').first().waitFor({ state: 'detached' });
  seen.draftsLeft = await page.locator('.draft').count();
  await picture('draft-stopped');
}

async function queue() {
  await write('Which of my photos are blurred?');
  await page.locator('.draft').filter({ hasText: 'sleep' }).waitFor();
  await write('And sort them by year');
  await answer('Queued behind').waitFor();
  await write('/status');
  await answer('In this chat').waitFor();
  await picture('queued');
  await write('/stop');
  await answer('Which one?').waitFor();
  await picture('stop-which');
  await press('Queued behind', 'Stop');
  await answer('Stopped.').waitFor();
  await picture('queue-stopped');
  await page.locator('.draft .stop').click();
  await page.locator('.draft').waitFor({ state: 'detached' });
  // Whatever could stop them says so no more, in every message that offered it.
  await page.getByRole('button', { name: /^Stop [0-9a-f]{6}$/ }).first().waitFor({ state: 'detached', timeout: PATIENCE_MS });
}

async function longAnswer() {
  await write('How do I back up my notes?');
  await answer('restic restore').waitFor();
  seen.blocks = await answer('restic restore').locator('pre').count();
  await picture('long-answer-end');
  await page.locator('.message').filter({ hasText: 'Three ways' }).last().evaluate((node) => node.scrollIntoView({ block: 'start' }));
  await picture('long-answer');
}

async function album(photos) {
  await page.fill('textarea#message', 'Which one is sharper?');
  await page.setInputFiles('#file', photos);
  await answer('The second one').waitFor();
  await page.locator('[data-from=bot] [data-kind=photo]').nth(2).waitFor();
  await picture('album');
}

async function failure() {
  await write('Book the train to Lyon');
  await answer('That didn').waitFor();
  seen.failure = (await answer('That didn').locator('.text').innerText()).split('\n')[0];
  await picture('failure');
  await press('That didn', 'Details');
  await answer('Error:').waitFor();
  await picture('failure-details');
  await press('That didn', 'Retry');
  await answer('9:40').waitFor();
  await picture('failure-retried');
}

async function group() {
  await make('group', 'Household');
  await page.selectOption('#as', { label: 'Ada' });
  await write('/task@butler_bot Which of my photos are blurred?');
  const status = page.locator('.message[data-from=bot]').filter({ hasText: 'sleep' });
  await status.waitFor();
  await picture('group-status');
  await status.getByRole('button', { name: 'Stop' }).click();
  await answer('(stopped)').waitFor();
  await status.waitFor({ state: 'detached' });
  await picture('group-stopped');
}

async function topics() {
  await openChat('Ada');
  await page.click('#info');
  await page.getByRole('button', { name: 'Topics', exact: true }).click();
  await page.getByRole('button', { name: 'No topics' }).waitFor();
  await page.getByRole('button', { name: 'Done' }).click();
  await write('/topic Holidays: find a train');
  await page.locator('#topics [data-thread]').filter({ hasText: 'Holidays' }).waitFor();
  await answer('The topic').waitFor();
  await picture('topic-made');
  await page.locator('#topics [data-thread]').filter({ hasText: 'Holidays' }).click();
  await answer('Which country').waitFor();
  seen.topic = await page.locator('.message[data-from=bot] .text').allInnerTexts();
  await picture('topic');
}

try {
  await page.goto(address);
  await page.locator('#composer').waitFor();
  const photos = (process.env.BUTLER_PHOTOS ?? '').split(':').filter(Boolean);
  await start();
  await pairing();
  await approvals();
  await liveInPrivate();
  if (pictures) await queue();
  await longAnswer();
  await album(photos);
  await failure();
  if (pictures) await settings();
  await group();
  await topics();
  console.log(JSON.stringify({ ...seen, faults }));
} catch (error) {
  if (pictures) await page.screenshot({ path: `${pictures}/failed.png` }).catch(() => {});
  throw new Error(`${error}\nseen: ${JSON.stringify(seen)}\nfaults: ${faults.join('; ')}`);
} finally {
  await context.close();
}
