// The pages of errors: docs/errors.md, which is in the package, section by section.
import { readFileSync } from 'node:fs';
import { AmeliaError } from '../errors.ts';
import type { ExplainedError } from '../report/reporter.ts';

/** From here as from the bundle. */
const page = new URL('../../docs/errors.md', import.meta.url);

/** Every error, in the order of the page. */
export function readPages(): ExplainedError[] {
  let status = { exitStatus: 0, meaning: '' };
  return readFileSync(page, 'utf8')
    .split(/^(?=###? )/m)
    .flatMap((section) => {
      const [, number, meaning = ''] = /^## (\d+): (.*)/.exec(section) ?? [];
      if (number !== undefined) status = { exitStatus: Number(number), meaning };
      const [, code, pattern = '', rest = ''] =
        /^### <a.*<\/a>(\S+)\n+```text\n([^]*?)\n```\n([^]*)$/.exec(section) ?? [];
      if (code === undefined) return [];
      const [said = '', hint] = pattern.split(/\n {2}hint: /);
      const message = said.slice(`error[${code}]: `.length);
      return [{ code, ...status, message, ...(hint !== undefined && { hint }), text: plain(rest).trim() }];
    });
}

/** The page of that code, which may stand in what was printed: `error[CODE]: …`. Throws `usage.invalid`, which names the nearest. */
export function pageOf(code: string): ExplainedError {
  const pages = readPages();
  const wanted = /[\w-]+\.[\w-]+/.exec(code)?.[0] ?? code;
  const found = pages.find((each) => each.code === wanted);
  if (found !== undefined) return found;
  const near = pages
    .map((each) => ({
      code: each.code,
      edits: Math.min(...namesOf(each.code).map((name) => editsBetween(wanted, name))),
    }))
    .sort((a, b) => a.edits - b.edits);
  throw new AmeliaError('usage.invalid', {
    problem: `there is no error ${JSON.stringify(code)}`,
    hint: `the nearest: ${near
      .slice(0, 3)
      .map((each) => each.code)
      .join(', ')}; amelia-db explain lists all of them`,
  });
}

const namesOf = (code: string): string[] => [code, code.slice(code.indexOf('.') + 1)];

/** How many characters have to be put in, taken out or replaced (Levenshtein). */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}

/** Links with where they lead to; a page of docs/ as the package has it. */
const plain = (markdown: string): string =>
  markdown.replace(/\[([^\]]*)\]\(([^)#]*)(#[^)]*)?\)/g, (_, text: string, to: string, anchor = '') => {
    if (to.startsWith('https:')) return `${text} (${to}${anchor})`;
    return to === '' || text === `docs/${to}` ? text : `${text} (docs/${to})`;
  });
