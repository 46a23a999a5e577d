// Drives the simulator's chat page with groups, topics and several people; the bot's part is played by calls of its API.
//   node chat_page.mjs <playwright-core's folder> <page's address> <profile folder> <bot's API> <folder for pictures or "">
// Prints what it saw as one JSON line.
import { createRequire } from 'node:module';

const [playwright, address, profile, botApi, pictures] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(playwright);
const PATIENCE_MS = 60_000;
const KINDS = ['message', 'edited_message', 'callback_query', 'my_chat_member', 'stopped_message_generation'];
// Four by three pixels.
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAQAAAADCAIAAAA7ljmRAAAAEElEQVR4nGNQaDgARww4OQA6dhCB5qeGGQAAAABJRU5ErkJggg==', 'base64');
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
    for (const item of await bot('getUpdates', { offset, timeout: 10, allowed_updates: KINDS })) {
      offset = item.update_id + 1;
      if (item[kind] && fits(item[kind])) return item[kind];
    }
  }
}

const context = await chromium.launchPersistentContext(profile, {
  executablePath: '/usr/bin/chromium',
  headless: true,
  timeout: 120_000, // a busy machine
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
  await page.locator('.draft').first().waitFor({ state: 'detached' });
  seen.draftsLeft = await page.locator('.draft').count();
}

async function stopAndEdit() {
  await write('Tell me a long sotry');
  const asked = await update('message', (item) => item.text?.startsWith('Tell me'));
  await bot('sendMessageDraft', { chat_id: asked.chat.id, draft_id: 6, text: 'Once upon a time', can_stop: true, keep_on_stop: true });
  await page.locator('.draft[data-draft-id="6"] .stop').click();
  seen.stoppedDraft = (await update('stopped_message_generation')).draft_id;
  await bot('sendMessage', { chat_id: asked.chat.id, text: 'Once upon a time (stopped)' });
  await message('Tell me a long').locator('.text').hover();
  await message('Tell me a long').getByRole('button', { name: 'Edit' }).click();
  seen.editing = await page.innerText('#replying-text');
  await page.fill('textarea#message', 'Tell me a long story');
  await page.click('button#send');
  seen.edited = (await update('edited_message')).text;
  await message('Tell me a long story').locator('.meta').filter({ hasText: 'edited' }).waitFor();
}

/** The names of the photos that the page shows as pictures, once they are loaded. */
async function picturesIn(text, count) {
  const loaded = ([words, wanted]) => [...document.querySelectorAll('.message')].some((node) => node.textContent.includes(words) &&
    [...node.querySelectorAll('img')].filter((image) => image.naturalWidth > 0).length === wanted);
  await page.waitForFunction(loaded, [text, count]);
  return message(text).locator('[data-kind=photo]').count();
}

async function albums() {
  const file = (name) => ({ name, mimeType: 'image/png', buffer: PNG });
  await page.fill('textarea#message', 'Two of them');
  await page.setInputFiles('#file', [file('a.png'), file('b.png')]);
  const [first, second] = [await update('message', (item) => item.photo), await update('message', (item) => item.photo)];
  seen.album = [first.media_group_id === second.media_group_id, first.caption, second.caption ?? null];
  seen.pixels = [first.photo.at(-1).width, first.photo.at(-1).height];
  seen.albumSent = await picturesIn('Two of them', 2);
  const form = new FormData();
  form.append('chat_id', String(first.chat.id));
  const names = ['one', 'two', 'three'];
  for (const name of names) form.append(name, new Blob([PNG], { type: 'image/png' }), `${name}.png`);
  form.append('media', JSON.stringify(names.map((name) => ({ type: 'photo', media: `attach://${name}`, ...(name === 'one' ? { caption: 'All three' } : {}) }))));
  await bot('sendMediaGroup', form);
  await message('All three').waitFor();
  seen.albumReceived = await picturesIn('All three', 3);
  await picture('albums');
}

async function words() {
  const chat = Number(await page.locator('.chat[aria-current=true]').getAttribute('data-chat'));
  const sent = await bot('sendMessage', { chat_id: chat, text: 'Shall I?', reply_markup: { inline_keyboard: [[{ text: 'Go', callback_data: 'go' }]] } });
  await message('Shall I?').getByRole('button', { name: 'Go' }).click();
  const press = await update('callback_query');
  await bot('answerCallbackQuery', { callback_query_id: press.id, text: 'That is over already.', show_alert: true });
  await page.locator('#alert-text').filter({ hasText: 'over already' }).waitFor();
  await page.getByRole('button', { name: 'OK' }).click();
  await bot('editMessageReplyMarkup', { chat_id: chat, message_id: sent.message_id, reply_markup: { inline_keyboard: [[{ text: 'Went', callback_data: 'gone' }]] } });
  await message('Shall I?').getByRole('button', { name: 'Went' }).waitFor();
  seen.markedAsEdited = (await message('Shall I?').locator('.meta').innerText()).includes('edited');
  // A window that becomes smaller goes on showing the newest message.
  await page.setViewportSize({ width: 390, height: 420 });
  await page.waitForFunction(() => { const box = document.getElementById('messages'); return box.scrollHeight - box.scrollTop - box.clientHeight < 2; });
  await page.setViewportSize({ width: 1080, height: 760 });
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
  await page.locator('.service').filter({ hasText: 'left the group' }).last().waitFor();
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
  await stopAndEdit();
  await albums();
  await words();
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
