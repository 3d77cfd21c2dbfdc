// The pages of docs/ that the program writes are as it would write them now: `npm run docs` does.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commandsPage, errorsPage } from '../../docs/pages.ts';
import { catalogue } from '../../src/catalogue.ts';

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
