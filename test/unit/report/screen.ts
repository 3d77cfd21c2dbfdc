// Streams that keep what is written, as it is and as a terminal would show it.
import xterm from '@xterm/headless';
import { createRedactor } from '../../../src/report/redact.ts';
import { openWriter, type Writer } from '../../../src/report/writer.ts';

export interface Captured {
  readonly writer: Writer;
  text(): string;
  /** The lines that a terminal of this width shows in the end. */
  screen(): Promise<string[]>;
}

/** A writer on a captured stream; a terminal where `columns` are given. */
export function capture(columns?: number, secrets: readonly string[] = []): Captured {
  let text = '';
  const stream = {
    write: (piece: string, written?: () => void) => {
      text += piece;
      written?.();
      return true;
    },
    on: () => stream,
    isTTY: columns !== undefined,
    columns,
  };
  return {
    writer: openWriter(stream, createRedactor(secrets)),
    text: () => text,
    screen: () => render(text, columns ?? 80),
  };
}

async function render(text: string, cols: number): Promise<string[]> {
  const terminal = new xterm.Terminal({ cols, rows: 60, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(text.replaceAll('\n', '\r\n'), resolve));
  const { active } = terminal.buffer;
  const lines = Array.from({ length: active.length }, (_, y) => active.getLine(y)?.translateToString(true) ?? '');
  terminal.dispose();
  return lines.slice(0, lines.findLastIndex((line) => line.trim() !== '') + 1).map((line) => line.trimEnd());
}

/** A clock that a test sets. */
export class Clock {
  ms = 0;
  readonly now = (): number => this.ms;
}
