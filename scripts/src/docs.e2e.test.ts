/** The page at `/api/docs`, as a person uses it in a browser: authorize, try an operation as it stands there, see the answer. */
import { gatewayUrl, signUp } from '@palaver/http/testing';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installChromium } from './tools/chromium.ts';

let browser: Browser;
beforeAll(async () => {
  // As root Chromium's own sandbox cannot be; the page is ours.
  browser = await chromium.launch({ executablePath: await installChromium(), args: ['--no-sandbox'] });
}, 300_000);
afterAll(() => browser?.close());

/** Runs an operation with what is filled in for it, and reads the answer that the page shows. */
const tryOut = async (page: Page, operationId: string): Promise<{ status: string; body: string }> => {
  const operation = page.locator(`[id$="-${operationId}"]`);
  await operation.locator('.opblock-summary-control').click();
  await operation.getByRole('button', { name: 'Try it out' }).click();
  await operation.getByRole('button', { name: 'Execute' }).click();
  const answer = operation.locator('.live-responses-table tbody');
  const body = answer.locator('.highlight-code').first();
  await body.waitFor();
  const status = await answer.locator('.response-col_status').first().textContent();
  return { status: status!.trim(), body: (await body.textContent())! };
};

test('authorizes, and shows the answers of a query and of a command', async () => {
  const ada = await signUp('Ada of the docs');
  const page = await browser.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  await page.goto(`${gatewayUrl()}/api/docs`);

  await page.getByRole('button', { name: 'Authorize' }).click();
  const dialog = page.locator('.dialog-ux');
  await dialog.getByRole('textbox').fill(ada.token);
  await dialog.getByRole('button', { name: 'Apply credentials' }).click();
  await dialog.getByRole('button', { name: 'Close' }).click();

  const own = await tryOut(page, 'getOwnProfile');
  expect(own).toMatchObject({ status: '200', body: expect.stringContaining(ada.email) });
  const created = await tryOut(page, 'createServer');
  expect(created).toMatchObject({ status: '201', body: expect.stringContaining('inviteCode') });
  expect(faults).toEqual([]);
}, 180_000);
