// The image as a cluster runs it: another user, a read-only file system, no rights, a small memory.
// The commands are those of docs/docker.md.
import { chmodSync, chownSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import {
  build,
  checkout,
  DatabaseContainer,
  docker,
  readableFolder,
  type Result,
  succeed,
  uniqueName,
} from './engine.ts';

const image = inject('image');
const server = new DatabaseContainer();
beforeAll(() => server.start());
afterAll(() => server.remove());

const own = join(checkout, 'migrations');
const limits = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--memory', '512m'];

/** Arguments of `docker run`, as strict as a cluster would run it. */
function strictly(options: { url: string; migrations: string; user?: string }): string[] {
  const { url, migrations, user = '10001' } = options;
  const data = ['--env', `DATABASE_URL=${url}`, '--volume', `${migrations}:/migrations:ro`];
  return [...limits, '--user', user, '--network', server.network, ...data];
}

/** One command after another, each in a container of its own. */
async function runs(args: string[], commands: string[]): Promise<Record<string, Result>> {
  const results: Record<string, Result> = {};
  for (const command of commands) results[command] = await docker('run', '--rm', ...args, image, ...command.split(' '));
  return results;
}

test('migrates, says so, waits and proves, with a read-only file system, no rights and 512 MB', async () => {
  const { url, psql } = await server.createDatabase();
  const commands = ['wait', 'migrate', 'migrate', 'status --check', 'wait --for head', 'verify'];
  const results = await runs(strictly({ url, migrations: own }), commands);
  expect(results).toMatchObject(Object.fromEntries(commands.map((command) => [command, { status: 0 }])));
  // The server is named by its host name; Node.js has nothing to say of how it is found.
  for (const { stderr } of Object.values(results)) expect(stderr).not.toMatch(/^\(node:|Warning: /m);
  expect(results['status --check']?.stderr).toBe('');
  expect(results['migrate']?.stdout).toContain('nothing to do');
  expect(results['verify']?.stdout).toContain('35 of 35 constraints proven');
  expect(await psql("select count(*) from pg_tables where tablename = 'workflows'")).toBe('1');
});

test('runs as a numeric user that is not root, and as any other number', async () => {
  expect(await succeed('image', 'inspect', '--format', '{{.Config.User}}', image)).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  const { url } = await server.createDatabase();
  await succeed('run', '--rm', ...strictly({ url, migrations: own, user: '123456:0' }), image, 'migrate');
});

test('is small, has no shell, no health check, and says what it is', async () => {
  const [{ Size, Config }] = JSON.parse(await succeed('image', 'inspect', image)) as [
    { Size: number; Config: { Healthcheck: unknown; Labels: Record<string, string> } },
  ];
  expect(Size).toBeLessThan(200e6);
  expect(Config.Healthcheck).toEqual({ Test: ['NONE'] });
  expect(Config.Labels).toMatchObject({
    'org.opencontainers.image.title': 'amelia-db',
    'org.opencontainers.image.licenses': 'MIT',
  });
  const shell = await docker('run', '--rm', '--entrypoint', '/bin/sh', image, '-c', 'true');
  expect(shell.stderr).toMatch(/no such file or directory/);
});

test('has the Node.js that its Dockerfile names, which says nothing of its own', async () => {
  const [, major] = /^ARG NODE_IMAGE=node:(\d+)-/m.exec(readFileSync(join(checkout, 'Dockerfile'), 'utf8')) ?? [];
  const version = await succeed('run', '--rm', '--entrypoint', '/usr/local/bin/node', image, '--version');
  expect(version).toMatch(new RegExp(`^v${major}\\.`));
  const named = await docker('run', '--rm', ...limits, image, 'status', '--database-url', 'postgresql://u@localhost/d');
  expect(named.stderr).not.toMatch(/^\(node:|Warning: |internal\.bug/m);
});

test('carries its bill of materials: packages of npm and of Debian', async () => {
  const list = `
    const { readdirSync, readFileSync } = require('node:fs');
    const { components } = JSON.parse(readFileSync('/opt/amelia-db/dist/sbom.cdx.json', 'utf8'));
    const debian = readdirSync('/var/lib/dpkg/status.d');
    for (const name of debian) readFileSync('/usr/share/doc/' + name + '/copyright');
    console.log(JSON.stringify({ npm: components.map(({ name }) => name), debian }));`;
  const listed = await succeed('run', '--rm', '--entrypoint', '/usr/local/bin/node', image, '--eval', list);
  expect(JSON.parse(listed)).toEqual({
    npm: expect.arrayContaining(['@electric-sql/pglite', 'postgres', 'commander', 'chalk', 'ora']) as string[],
    debian: expect.arrayContaining(['libc6', 'libstdc++6']) as string[],
  });
});

test('is what a layer with migrations in it begins from', async () => {
  const layered = `${uniqueName()}:layered`;
  await build(
    layered,
    readableFolder({ Dockerfile: `FROM ${image}\nCOPY *.sql /migrations/\n`, '1_a.sql': 'create table a ();' }),
  );
  onTestFinished(async () => void (await docker('rmi', '--force', layered)));
  const { url, psql } = await server.createDatabase();
  const args = [...limits, '--user', '10001', '--network', server.network, '--env', `DATABASE_URL=${url}`];
  await succeed('run', '--rm', ...args, layered, 'migrate');
  expect(await psql('select version from schema_migrations')).toBe('1');
});

test("reads the URL from a secret's file as Kubernetes mounts it: of root and the group", async () => {
  const { url, psql } = await server.createDatabase();
  const secret = readableFolder({ url: `${url}\n` });
  chmodSync(join(secret, 'url'), 0o440);
  chownSync(join(secret, 'url'), 0, 10001);
  const mounts = ['--volume', `${own}:/migrations:ro`, '--volume', `${secret}:/etc/amelia-db:ro`];
  const args = [...limits, '--network', server.network, ...mounts, '--env', 'DATABASE_URL_FILE=/etc/amelia-db/url'];
  await succeed('run', '--rm', ...args, '--user', '10001:10001', image, 'migrate');
  expect(await psql('select version from schema_migrations')).toBe('1');
  const other = await docker('run', '--rm', ...args, '--user', '10002:10002', image, 'status');
  expect(other).toMatchObject({ status: 2, stderr: expect.stringContaining('permission denied') as string });
});

test('a folder that is not mounted is an error with its own exit status', async () => {
  const { url } = await server.createDatabase();
  const args = ['--network', server.network, '--env', `DATABASE_URL=${url}`];
  expect((await docker('run', '--rm', ...args, image, 'migrate')).status).toBe(3);
});

test('docker stop ends a running migration with 143, rolled back, long before the grace period', async () => {
  const { url, psql } = await server.createDatabase();
  const migrations = readableFolder({ '900_slow.sql': 'create table slow (a int); select pg_sleep(60);' });
  const name = uniqueName();
  await succeed('run', '--detach', '--name', name, ...strictly({ url, migrations }), image, 'migrate');
  onTestFinished(async () => void (await docker('rm', '--force', name)));
  const sleeping =
    "select count(*) from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()";
  await expect.poll(() => psql(sleeping), { timeout: 30_000 }).not.toBe('0');

  const begin = Date.now();
  await succeed('stop', '-t', '30', name);
  expect(Date.now() - begin).toBeLessThan(15_000);
  expect(await succeed('inspect', '--format', '{{.State.ExitCode}}', name)).toBe('143');
  expect((await docker('logs', name)).stderr).toContain('rolled back: 900');
  expect(await psql("select count(*) from pg_tables where tablename = 'slow'")).toBe('0');
  expect(await psql(sleeping)).toBe('0');
});
