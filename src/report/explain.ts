// `explain` for people: one error's page, or each code on a line, by exit status. Makes lines; never prints them.
import type { Answering } from './answer.ts';
import type { ExplainedError } from './reporter.ts';
import { shorten, wrap } from './width.ts';

/** Lines longer than this are hard to read. */
const widestText = 100;
/** A message in less room says nothing. */
const narrowestMessage = 20;

/** What the error looks like, its exit status, what it means and what to do. */
export function pageLines(
  { code, exitStatus, meaning, message, hint, text }: ExplainedError,
  { style, writer }: Pick<Answering, 'style' | 'writer'>,
): string[] {
  const columns = Math.min(writer.columns ?? widestText, widestText);
  const hinted =
    hint === undefined ? [] : wrap(`hint: ${hint}`, columns - 4).map((line, i) => `  ${i ? '  ' : ''}${line}`);
  const [first = '', ...rest] = `error[${code}]: ${message}`.split('\n').flatMap((line) => wrap(line, columns - 2));
  return [
    style.failed(first),
    ...rest.map((line) => `  ${line}`),
    ...hinted,
    '',
    ...wrap(`Exit status ${exitStatus}: ${meaning}.`, columns).map((line) => style.detail(line)),
    ...text
      .split('\n')
      .flatMap((paragraph, i) => (i === 0 ? ['', ...wrap(paragraph, columns)] : wrap(paragraph, columns))),
  ];
}

/** Codes with the beginning of their messages. */
export function listLines(
  errors: readonly ExplainedError[],
  { style, writer }: Pick<Answering, 'style' | 'writer'>,
): string[] {
  const width = Math.max(...errors.map(({ code }) => code.length));
  const room = (writer.columns ?? Infinity) - width - 4;
  return errors.flatMap(({ code, exitStatus, meaning, message }, i) => {
    const [first = ''] = message.split('\n');
    const line =
      room < narrowestMessage
        ? `  ${code}`
        : `  ${code.padEnd(width)}  ${room === Infinity ? first : shorten(first, room)}`;
    if (errors[i - 1]?.exitStatus === exitStatus) return [line];
    return [
      ...(i === 0 ? [] : ['']),
      ...wrap(`${exitStatus}: ${meaning}`, writer.columns).map((each) => style.strong(each)),
      line,
    ];
  });
}
