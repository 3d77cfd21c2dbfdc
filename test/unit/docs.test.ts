// The pages of docs/ that the program writes are as it would write them now: `npm run docs` does.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { commandsPage } from '../../docs/pages.ts';

it('docs/commands.md says what --help says', async () => {
  await expect(commandsPage(readFileSync('README.md', 'utf8'))).toMatchFileSnapshot('../../docs/commands.md');
});
