// The four systems of the documents, by the command line, on every supported server and embedded:
// from empty to finished, back to what was before, and finished again.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { EmbeddedServer } from '../../src/database/embedded.ts';
import { Session } from '../../src/database/session.ts';
import { EMPTY, readSchema } from '../integration/schemas/schema.ts';
import { amelia } from '../support/cli.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { folderOf } from '../support/folder.ts';

const systems = [
  { system: 'Amelia', folder: 'migrations', files: 1, proofs: 35 },
  { system: 'Software Studio', folder: 'examples/software-studio/migrations', files: 2, proofs: 18 },
  { system: 'AgentVine', folder: 'examples/agentvine/migrations', files: 2, proofs: 49 },
  { system: 'Agent team', folder: 'examples/agent-team/migrations', files: 1, proofs: 67 },
];

async function done(args: string[]): Promise<Record<string, unknown>> {
  const result = await amelia([...args, '--json']);
  expect({ args, status: result.status, stderr: result.stderr }).toMatchObject({ args, status: 0 });
  return result.json();
}

describe.each(systems)('$system', ({ folder, files, proofs }) => {
  it.each(inject('majors'))('goes there and back on PostgreSQL %i', async (major) => {
    const database = await freshDatabase({ major });
    // Kept apart, so that what is compared is the system's own.
    await database.query('CREATE SCHEMA ops');
    const on = ['-m', folder, '-d', database.url, '--history-table', 'ops.history'];

    expect((await done(['migrate', ...on])).steps).toHaveLength(files);
    await done(['status', '--check', ...on]);
    const finished = await readSchema(database);
    await done(['rollback', '--to', '0', ...on]);
    expect(await readSchema(database)).toEqual(EMPTY);
    expect((await amelia(['status', '--check', ...on])).status).toBe(7);
    await done(['migrate', ...on]);
    expect(await readSchema(database)).toEqual(finished);
  });

  it('is the same embedded and on a real server', async () => {
    const database = await freshDatabase();
    const dir = join(folderOf(), 'embedded');
    await done(['migrate', '-m', folder, '-d', database.url]);
    await done(['migrate', '-m', folder, '--embedded', dir]);
    await done(['rollback', '--to', '0', '-m', folder, '--embedded', dir]);
    await done(['migrate', '-m', folder, '--embedded', dir]);
    // Embedded, proven on an embedded scratch server.
    const { constraints, proven } = (await done(['verify', '--strict', '-m', folder, '--embedded', dir]))
      .summary as Record<string, number>;
    expect({ constraints, proven }).toEqual({ constraints: proofs, proven: proofs });

    const server = await EmbeddedServer.open(dir);
    try {
      const { session } = await Session.open(server, 'SELECT 1');
      const embedded = { query: (text: string) => session.query(text) } as unknown as TestDatabase;
      expect(await readSchema(embedded)).toEqual(await readSchema(database));
      await session.close();
    } finally {
      await server.close();
      rmSync(dir, { recursive: true });
    }
  });
});
