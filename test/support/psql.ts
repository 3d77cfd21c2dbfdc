// psql and our own session, asked the same on the same connection string: whether they are let in, and what they see.
import { spawn } from 'node:child_process';
import { Session } from '../../src/database/session.ts';
import { parseTarget } from '../../src/database/target.ts';
import { AmeliaError } from '../../src/errors.ts';
import { cleanEnvironment } from './cli.ts';

/** What one of them was told: the answer's only value, or why there is none. */
export interface Heard {
  readonly answer: string | undefined;
  readonly error: string;
}

/** libpq's answer, through psql (a Debian package: postgresql-client). */
export async function askPsql(conninfo: string, sql: string, env: Record<string, string>): Promise<Heard> {
  const child = spawn('psql', ['-XAtqw', '-c', sql, conninfo], {
    env: { ...cleanEnvironment(), ...env },
    // It would ask for the pass phrase of a key.
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    timeout: 20_000,
  });
  let [answer, error] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (answer += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (error += text));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('close', resolve).on('error', (cause) => {
      reject(new Error('psql does not run: install postgresql-client.', { cause }));
    });
  });
  return { answer: status === 0 ? answer.trim() : undefined, error };
}

/** Our answer; the error is the whole of what a person sees. */
export async function askUs(conninfo: string, sql: string, env: Record<string, string>): Promise<Heard> {
  try {
    const { session, answer } = await Session.open(parseTarget({ url: conninfo, env }), sql);
    try {
      const [row] = (await answer).rows;
      return { answer: String(Object.values(row ?? {})[0]), error: '' };
    } finally {
      await session.close();
    }
  } catch (error) {
    if (!(error instanceof AmeliaError)) throw error;
    return { answer: undefined, error: `${error.code}: ${error.message} | ${error.hint ?? ''}` };
  }
}
