// The pages of docs/ that the program writes are as it would write them now: `npm run docs` does. What the pages
// name exists: commands in the text, links, tests.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandsPage, errorsPage } from '../../docs/pages.ts';
import { catalogue } from '../../src/catalogue.ts';
import { parseArguments } from '../../src/cli/program.ts';

it('docs/commands.md says what --help says', async () => {
  await expect(commandsPage(readFileSync('README.md', 'utf8'))).toMatchFileSnapshot('../../docs/commands.md');
});

describe('docs/errors.md', () => {
  const page = errorsPage(readFileSync('README.md', 'utf8'));

  it('has what the catalogue has', async () => {
    await expect(page).toMatchFileSnapshot('../../docs/errors.md');
  });

  it('has every code once, with an exit status that the README explains', () => {
    const anchors = [...page.matchAll(/<a id="(.*?)">/g)].map(([, code]) => code);
    expect(anchors.sort()).toEqual(Object.keys(catalogue).sort());
    expect(page).not.toMatch(/^## \d+: *$/m);
  });

  it('shows messages as they are printed: an example is needed where a fact is no text (docs/errors.ts)', () => {
    expect(page).not.toMatch(/\bNaN\b|undefined|\[object/);
  });
});

describe.each(['README.md', ...readdirSync('docs').flatMap((file) => (file.endsWith('.md') ? [`docs/${file}`] : []))])(
  '%s',
  (page) => {
    const text = readFileSync(page, 'utf8');
    const prose = text.replace(/^```[^]*?^```$/gm, '');

    it('names commands and options that there are', () => {
      const commands = [...prose.matchAll(/`amelia-db ([^`]*)`/g)].map(([, args = '']) => args);
      // A synopsis is no command line.
      for (const args of commands.filter((each) => !/[[|…]|COMMAND/.test(each))) {
        expect(() => parseArguments(args.split(' '), { version: '' }), args).not.toThrow();
      }
    });

    it('links to what is there', () => {
      const links = [...prose.matchAll(/\]\((?!https:)([^)#]*)(?:#([^)]*))?\)/g)];
      for (const [link, path = '', anchor] of links) {
        const file = path === '' ? page : join(dirname(page), path);
        expect(existsSync(file), link).toBe(true);
        if (anchor !== undefined) expect(anchorsIn(readFileSync(file, 'utf8')), link).toContain(anchor);
      }
      for (const [, test = ''] of text.matchAll(/\b(test\/[\w./-]+)/g)) expect(existsSync(test), test).toBe(true);
    });
  },
);

/** As GitHub makes them of headings, and those that are written out. */
function anchorsIn(markdown: string): string[] {
  const headings = [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
  return [...headings, ...[...markdown.matchAll(/<a id="(.*?)">/g)].map(([, id = '']) => id)];
}
