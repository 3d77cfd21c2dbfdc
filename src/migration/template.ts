// The text of a file that `new` makes, which nobody has filled in yet.
import { checksum } from './checksum.ts';

export interface TemplateOf {
  readonly name: string;
  readonly transaction: boolean;
}

export function template({ name, transaction }: TemplateOf): string {
  return `${directive(transaction)}-- ${name}: SQL statements, each ended with a semicolon.${transaction ? ' They run in one transaction.' : ''}\n`;
}

export function rollbackTemplate({ name, transaction }: TemplateOf): string {
  return `${directive(transaction)}-- Undoes ${name}.\n`;
}

const directive = (transaction: boolean): string => (transaction ? '' : '-- amelia-db: no-transaction\n');

/**
 * Whether that is the checksum of a migration in which nothing was: an empty file, or one as `new` made it. Older
 * versions recorded such files as applied. Of other comments a checksum says nothing.
 */
export function isOfEmptyFile(sum: string, name: string): boolean {
  const texts = ['', '\n', ...[true, false].map((transaction) => template({ name, transaction }))];
  return texts.some((text) => checksum(Buffer.from(text)) === sum);
}
