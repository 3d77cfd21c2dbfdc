// The way out: stdout or stderr as something to write text or JSON to, redacted.
// Never fails: what reads us may go away (`amelia-db status | head -1`), and a migration goes on. Says, when asked,
// whether all has arrived.
import { jsonText } from './json-text.ts';
import { redactValues, type Redactor } from './redact.ts';
import { withoutCommands } from './width.ts';

/** What a writer needs of process.stdout and process.stderr. */
export interface OutputStream {
  write(text: string, done?: (error?: Error | null) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface Writer {
  /** Writes `text`, which brings its own line feeds; `commands` leaves lines in it that command a CI job's runner. */
  text(text: string, commands?: 'commands'): void;
  /** Writes `value` as JSON and a line feed. */
  json(value: unknown, indent?: number): void;
  /** Resolves when all that was written has arrived: with undefined, or with why something is lost. */
  settled(): Promise<NodeJS.ErrnoException | undefined>;
  readonly isTerminal: boolean;
  /** The terminal's width now; undefined for a file or a pipe, and 80 where a terminal does not say. */
  readonly columns: number | undefined;
  readonly redact: Redactor;
}

/** A writer on `stream` that lets no secret pass. */
export function openWriter(stream: OutputStream, redact: Redactor): Writer {
  let lost: NodeJS.ErrnoException | undefined;
  let written = false;
  const isTerminal = stream.isTTY === true;
  // Bound now: a spinner replaces `write` while it turns, and its own frames come through here too.
  const write = stream.write.bind(stream);
  stream.on('error', (error) => (lost ??= error));
  const send = (text: string): void => {
    if (lost !== undefined || text === '') return;
    written = true;
    try {
      write(text);
    } catch (error) {
      lost = error as NodeJS.ErrnoException;
    }
  };
  return {
    text: (text, commands) => send(commands ? redact(text) : withoutCommands(redact(text))),
    json: (value, indent) => send(`${jsonText(redactValues(value, redact), indent)}\n`),
    async settled() {
      if (written && lost === undefined) {
        const error = await new Promise<Error | null | undefined>((resolve) => write('', resolve)).catch(
          (thrown: unknown) => thrown as Error,
        );
        lost ??= error ?? undefined;
      }
      return lost;
    },
    isTerminal,
    get columns() {
      return isTerminal ? stream.columns || 80 : undefined;
    },
    redact,
  };
}
