// What the tests make or fetch once and use in every run: a folder of this user's under the system's temporary folder.
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const COMPLETE = '.complete';

/** The cache's name can be guessed, so a folder that another user made or may write to is refused. */
export function openCache(): string {
  const owner = process.getuid?.() ?? 0;
  const cache = join(tmpdir(), `amelia-db-test-${owner}`);
  fs.mkdirSync(cache, { recursive: true });
  const found = fs.lstatSync(cache);
  if (!found.isDirectory() || found.uid !== owner) {
    throw new Error(`${cache} belongs to someone else. Remove it, or set TMPDIR to another folder.`);
  }
  fs.chmodSync(cache, 0o755);
  return cache;
}

/** Makes a folder once, however many processes ask at the same time, and again when a cleaner of /tmp has been in it. */
export async function cached(folder: string, make: (draft: string) => void | Promise<void>): Promise<string> {
  const count = (of: string) => String(fs.readdirSync(of, { recursive: true }).length);
  const isComplete = () => {
    try {
      return fs.readFileSync(join(folder, COMPLETE), 'utf8') === count(folder);
    } catch {
      return false;
    }
  };
  if (isComplete()) return folder;
  const draft = fs.mkdtempSync(`${folder}.draft-`);
  fs.chmodSync(draft, 0o755);
  await make(draft);
  fs.writeFileSync(join(draft, COMPLETE), '');
  fs.writeFileSync(join(draft, COMPLETE), count(draft));
  for (let tries = 0; !isComplete(); tries++) {
    try {
      fs.renameSync(draft, folder);
    } catch (error) {
      if (tries > 5) throw error;
      // A broken folder is in the way, or another process was faster: then the loop ends.
      if (isComplete()) break;
      const broken = `${draft}-broken`;
      fs.renameSync(folder, broken);
      fs.rmSync(broken, { recursive: true, force: true });
    }
  }
  fs.rmSync(draft, { recursive: true, force: true });
  return folder;
}
