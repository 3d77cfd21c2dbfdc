import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { amelia, spawnAmelia } from '../support/cli.ts';
import { frontendMessages } from '../support/frontend-messages.ts';
import { openTerminal } from '../support/terminal.ts';

function script(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'amelia-db-bin-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'bin.mjs');
  writeFileSync(file, text);
  return file;
}

test('a command sees only the environment that the test says', async () => {
  process.env.PGHOST = 'outside';
  const bin = script('console.log(JSON.stringify(Object.keys(process.env))); process.exitCode = 3');
  const result = await amelia([], { bin, env: { PGUSER: 'inside' } });
  delete process.env.PGHOST;
  expect(result.status).toBe(3);
  expect(result.json<string[]>()).toContain('PGUSER');
  expect(result.json<string[]>()).not.toContain('PGHOST');
});

test('a running command is signalled when it shows that it is ready', async () => {
  const bin = script(
    "process.on('SIGTERM', () => process.exit(143)); setInterval(() => {}, 999); console.log('ready')",
  );
  const running = spawnAmelia([], { bin });
  await running.shows('ready');
  running.child.kill('SIGTERM');
  expect((await running.result).status).toBe(143);
});

test('a terminal has the size that was asked for, shows the last state of a line, and passes Ctrl-C on', async () => {
  const bin = script(`
    console.log(process.stdout.isTTY, process.stdout.columns, process.stdout.rows);
    process.stdout.write('first\\r\\x1b[Ksecond ✔');
    process.on('SIGINT', () => process.exit(130));
    setInterval(() => {}, 999);`);
  const terminal = openTerminal(['an argument'], { bin, columns: 50, rows: 7 });
  await terminal.shows('second ✔');
  expect(await terminal.screen()).toEqual(['true 50 7', 'second ✔']);
  terminal.type('\x03');
  expect(await terminal.ended).toBe(130);
});

test('messages are found however the bytes are cut', () => {
  const startup = Buffer.from([0, 0, 0, 9, 0, 3, 0, 0, 0]);
  const typed = (type: string, text: string) => {
    const body = Buffer.from(`${text}\0`);
    const head = Buffer.from(`${type}....`);
    head.writeUInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
  };
  const ssl = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
  const all = Buffer.concat([ssl, startup, typed('Q', 'select 1'), typed('X', '')]);
  for (const size of [1, 2, 3, 7, all.length]) {
    const take = frontendMessages();
    const found = [];
    for (let at = 0; at < all.length; at += size) found.push(...take(all.subarray(at, at + size)));
    expect(found.map(({ message }) => message?.type)).toEqual(['ssl', 'startup', 'Q', 'X']);
    expect(found[2]?.message?.text).toBe('select 1');
    expect(Buffer.concat(found.map(({ bytes }) => bytes))).toEqual(all);
  }
});
