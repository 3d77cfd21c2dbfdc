// Text as XML 1.0 has it, in content and in attributes. Pure.
import { onManyLines } from './width.ts';

// What XML 1.0 cannot hold, not even escaped (section 2.2).
const forbidden = new RegExp('[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\ufffe\\uffff]', 'g');

/** `text` between tags or double quotes. */
export const xml = (text: string): string =>
  onManyLines(text)
    .replaceAll(forbidden, '�')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
