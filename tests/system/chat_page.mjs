// Drives the simulator's chat page with groups, topics and several people; the bot's part is played by calls of its API.
//   node chat_page.mjs <playwright-core's folder> <page's address> <profile folder> <bot's API> <folder for pictures or "">
// Prints what it saw as one JSON line.
import { createRequire } from 'node:module';

const [playwright, address, profile, botApi, pictures] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(playwright);
const PATIENCE_MS = 15_000;
const faults = [];
const seen = {};

async function bot(method, parameters) {
  const body = parameters instanceof FormData ? parameters : JSON.stringify(parameters ?? {});
  const headers = parameters instanceof FormData ? {} : { 'Content-Type': 'application/json' };
  const answer = await (await fetch(`${botApi}/${method}`, { method: 'POST', body, headers })).json();
  if (!answer.ok) throw new Error(`${method}: ${answer.description}`);
  return answer.result;
}

let offset = 0;
/** The next update of this kind, waited for; those before it are dropped. */
async function update(kind, fits = () => true) {
  for (;;) {
    for (const item of await bot('getUpdates', { offset, timeout: 10, allowed_updates: ['message', 'callback_query', 'my_chat_member'] })) {
      offset = item.update_id + 1;
      if (item[kind] && fits(item[kind])) return item[kind];
    }
  }
}

const context = await chromium.launchPersistentContext(profile, {
  executablePath: '/usr/bin/chromium',
  headless: true,
  viewport: { width: 1080, height: 760 },
  acceptDownloads: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
const page = await context.newPage();
page.setDefaultTimeout(PATIENCE_MS);
page.on('pageerror', (error) => faults.push(String(error)));
page.on('console', (line) => line.type() === 'error' && faults.push(line.text()));

const picture = async (name) => { if (pictures) await page.screenshot({ path: `${pictures}/${name}.png` }); };
const message = (text) => page.locator('.message').filter({ hasText: text });

async function make(kind, name) {
  await page.click('#new');
  await page.click(`[data-make=${kind}]`);
  await page.fill('#make-name', name);
  await page.click('#make button.primary');
  if (kind !== 'topic') await page.locator(`.chat[aria-current=true]`).filter({ hasText: name }).waitFor();
}

async function write(text, as) {
  if (as) await page.selectOption('#as', { label: as });
  await page.fill('textarea#message', text);
  await page.click('button#send');
  await message(text).first().waitFor();
}

async function privateChat() {
  await write('Hello there');
  const { chat } = await update('message', (item) => item.text === 'Hello there');
  await bot('sendChatAction', { chat_id: chat.id, action: 'typing' });
  await page.locator('#status.live').filter({ hasText: 'typing' }).waitFor();
  await bot('sendMessageDraft', { chat_id: chat.id, draft_id: 5, text: 'I am thinking about it', can_stop: true });
  await page.locator('.draft[data-draft-id="5"]').filter({ hasText: 'thinking' }).waitFor();
  await picture('draft');
  await bot('sendMessage', { chat_id: chat.id, text: 'Good morning! Run make first.', entities: [{ type: 'code', offset: 18, length: 4 }] });
  await message('Good morning!').waitFor();
  seen.draftsLeft = await page.locator('.draft').count();
}

async function household() {
  await make('user', 'Grace');
  await make('group', 'Household');
  await write('Who waters the plants?', 'Ada');
  await write('@butler_bot, can you remind us?', 'Grace');
  const asked = await update('message', (item) => item.text?.includes('remind'));
  seen.askedBy = asked.from.first_name;
  await bot('sendMessage', { chat_id: asked.chat.id, text: 'Every Monday?', reply_parameters: { message_id: asked.message_id },
    reply_markup: { inline_keyboard: [[{ text: 'Yes', callback_data: 'yes', style: 'success' }, { text: 'No', callback_data: 'no', style: 'danger' }]] } });
  const answer = message('Every Monday?');
  await answer.waitFor();
  seen.quoted = await answer.locator('.reply').innerText();
  seen.ownAsGrace = await message('can you remind us').first().evaluate((node) => node.classList.contains('own'));
  await answer.getByRole('button', { name: 'Yes' }).click();
  const press = await update('callback_query');
  seen.pressed = [press.from.first_name, press.data];
  await bot('answerCallbackQuery', { callback_query_id: press.id, text: 'Noted' });
  await page.locator('#toast').filter({ hasText: 'Noted' }).waitFor();
  await answer.locator('.text').hover();
  await answer.getByRole('button', { name: 'React with 👍' }).click();
  await answer.locator('.reactions').filter({ hasText: '👍' }).waitFor();
  return asked.chat.id;
}

async function files(chat) {
  const form = new FormData();
  form.append('chat_id', String(chat));
  form.append('caption', 'The plan');
  form.append('document', new Blob(['water: monday\n'], { type: 'text/plain' }), 'plan.txt');
  await bot('sendDocument', form);
  const file = message('The plan').locator('.media[data-kind=document]');
  await file.waitFor();
  seen.file = await file.locator('.title').innerText();
  const [download] = await Promise.all([page.waitForEvent('download'), file.locator('a.download').click()]);
  seen.downloaded = [download.suggestedFilename(), await new Response(await download.createReadStream()).text()];
  await page.fill('textarea#message', '/keep this for later');
  await page.setInputFiles('#file', { name: 'list.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b\n') });
  const sent = await update('message', (item) => item.document);
  seen.sent = [sent.document.file_name, sent.document.file_size, sent.caption, sent.from.first_name];
  await message('list.csv').waitFor();
  await picture('group');
}

async function people() {
  await page.click('#info');
  await page.locator('.person').filter({ hasText: 'Grace' }).getByRole('button', { name: 'Leave' }).click();
  await page.locator('#people-list .add').waitFor();
  await picture('people');
  await page.getByRole('button', { name: 'Done' }).click();
  seen.left = await page.locator('.service').last().innerText();
}

async function topics() {
  await make('forum', 'Projects');
  await write('This is General', 'Grace');
  const general = await update('message', (item) => item.text === 'This is General');
  seen.generalThread = general.message_thread_id ?? null;
  await make('topic', 'Garden');
  await page.locator('#topics [aria-selected=true]').filter({ hasText: 'Garden' }).waitFor();
  await write('Plant tulips', 'Ada');
  const planted = await update('message', (item) => item.text === 'Plant tulips');
  seen.hiddenInGarden = await message('This is General').count();
  await bot('sendMessage', { chat_id: planted.chat.id, message_thread_id: planted.message_thread_id, text: 'Forty tulips, noted.' });
  await message('Forty tulips').waitFor();
  await picture('topics');
  await page.locator('#topics [data-thread="1"]').click();
  await message('This is General').waitFor();
  await bot('sendMessage', { chat_id: planted.chat.id, message_thread_id: planted.message_thread_id, text: 'It rains.' });
  await page.locator(`#topics [data-thread="${planted.message_thread_id}"] .unread`).waitFor();
  seen.hiddenInGeneral = await message('It rains.').count();
}

try {
  await page.goto(address);
  await page.locator('#composer').waitFor();
  await privateChat();
  const chat = await household();
  await files(chat);
  await people();
  await topics();
  if (pictures) {
    await page.emulateMedia({ colorScheme: 'dark' });
    await picture('dark');
    await page.setViewportSize({ width: 390, height: 780 });
    await page.emulateMedia({ colorScheme: 'light' });
    await picture('narrow');
  }
  console.log(JSON.stringify({ ...seen, faults }));
} catch (error) {
  await page.screenshot({ path: `${profile}.png` }).catch(() => {});
  throw new Error(`${error}\nseen: ${JSON.stringify(seen)}\nfaults: ${faults.join('; ')}`);
} finally {
  await context.close();
}
