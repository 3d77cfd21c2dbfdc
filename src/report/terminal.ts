// Progress on a terminal: a line that moves while a migration runs, and one that stays when it is done.
// The only place that knows ora. The moving line is never wider than the terminal.
import ora, { type Ora } from 'ora';
import type { AmeliaError } from '../errors.ts';
import type { MigratorEvent } from '../events.ts';
import * as lines from './lines.ts';
import type { MessageLevel, Opening, Progress } from './reporter.ts';
import { plainStyle } from './style.ts';
import { waitingLine } from './wait.ts';
import { duration } from './words.ts';
import { onOneLine, padTo, shorten, widthOf } from './width.ts';
import type { Writer } from './writer.ts';

/** What takes less is over before one could read about it. */
const noticeableMs = 120;
const elapsedFromMs = 500;
const refreshMs = 100;
const labelColumns = 44;

/** For a step whose beginning was not told. */
const unseen: lines.Begun = { direction: 'up', transaction: true };

interface Running {
  readonly label: string;
  readonly begun: lines.Begun;
  readonly since: number;
  statement: string;
}

/** A spinner and settled lines. */
export class TerminalProgress implements Progress {
  readonly #t: lines.Telling;
  readonly #stream: NodeJS.WriteStream;
  readonly #spinner: Ora;
  readonly #running = new Map<string, Running>();
  /** What goes on while no migration runs. */
  #activity: { readonly text: string; readonly since: number } | undefined;
  #started = false;
  #blockedBy = '';
  #refresh: NodeJS.Timeout | undefined;

  constructor(options: lines.Telling & { readonly opening: Opening | undefined }) {
    this.#t = options;
    this.#stream = terminalStream(options.writer);
    this.#spinner = ora({
      stream: this.#stream,
      isEnabled: true,
      // Standard input is not ours; a terminal in raw mode would take Ctrl-C from us.
      discardStdin: false,
      color: options.style === plainStyle ? false : 'cyan',
    });
    if (options.detail === 'quiet' || options.opening === undefined) return;
    this.#activity = { text: onOneLine(options.opening.text), since: options.now() };
    this.#spinFrom(options.opening.slow ? 0 : noticeableMs);
  }

  event(event: MigratorEvent): void {
    const { versions, style, detail, now } = this.#t;
    const verbose = detail === 'verbose';
    switch (event.type) {
      case 'connected':
        this.#activity = undefined;
        if (verbose) this.#say(style.detail(lines.connectedLine(event)));
        break;
      case 'lock-waiting':
        this.#activity = { text: lines.lockLine(event), since: now() - event.waitedMs };
        break;
      case 'database-waiting':
        this.#activity = { text: lines.databaseLine(event), since: now() };
        break;
      case 'waiting':
        this.#activity = { text: waitingLine(event, versions), since: now() - event.waitedMs };
        break;
      case 'embedded-waiting':
        this.#activity = { text: lines.embeddedLine(event), since: now() };
        break;
      case 'verifying':
        this.#activity = { text: lines.verifyingText[event.phase], since: now() };
        break;
      case 'planned':
        this.#activity = undefined;
        break;
      case 'pooler':
        if (verbose) this.#say(style.detail(lines.poolerLine));
        break;
      case 'blocked': {
        const company = event.blockers.map(({ pid }) => pid).join();
        if (company !== this.#blockedBy) this.#say(style.attention(`  ${lines.blockedLine(event)}`));
        this.#blockedBy = company;
        break;
      }
      case 'progress': {
        const running = this.#running.values().next().value;
        if (running) running.statement = lines.progressText(event);
        break;
      }
      case 'retrying':
        this.#say(style.attention(lines.retryLine(event, versions)));
        break;
      case 'unusable-rollback':
        this.message('warning', lines.rollbackText(event, versions));
        break;
      case 'only-comments-modified':
        this.message('warning', lines.commentsText(event, versions));
        break;
      case 'history-widened':
        this.#say(style.detail(lines.widenedLine(event)));
        break;
      case 'migration-started': {
        const { version } = event;
        this.#started = true;
        const label = lines.migrationName(event, versions);
        this.#running.set(version, { label, begun: event, since: now(), statement: '' });
        this.#spinFrom(noticeableMs);
        break;
      }
      case 'statement-started': {
        const running = this.#running.get(event.version);
        if (running !== undefined && event.statements > 1) {
          running.statement = `statement ${event.index} of ${event.statements}`;
        }
        break;
      }
      case 'statement-finished':
        this.#blockedBy = '';
        if (verbose) this.#say(style.detail(`  ${lines.statementLine(event, versions)}`));
        break;
      case 'notice':
        this.#say(lines.noticeLine(event, this.#t));
        break;
      case 'migration-finished':
        this.#settled(event);
        break;
    }
    this.#update();
  }

  message(level: MessageLevel, text: string): void {
    if (level === 'warning' || this.#t.detail !== 'quiet') {
      this.#stream.write(`${lines.messageLine(level, text, this.#t)}\n`);
    }
  }

  settle(): void {
    clearInterval(this.#refresh);
    if (this.#spinner.isSpinning) this.#spinner.stop();
  }

  end(failure: AmeliaError | undefined): void {
    if (failure === undefined) return;
    const gap = this.#started && this.#t.detail !== 'quiet' ? '\n' : '';
    this.#t.writer.text(gap + lines.failureText(failure, this.#t, this.#started));
  }

  #settled(event: lines.EventOf<'migration-finished'>): void {
    const { step } = event;
    const { versions, style } = this.#t;
    const begun = this.#running.get(step.version)?.begun ?? unseen;
    this.#running.delete(step.version);
    const done = lines.isDone(step, begun.direction);
    const time = duration(step.ms);
    const state = lines.failedState(event, begun);
    const inFull = done ? (begun.direction === 'up' ? time : `rolled back in ${time}`) : `${state} after ${time}`;
    const what = done || this.#columns >= 60 ? inFull : state;
    const room = Math.max(4, Math.min(labelColumns, this.#columns - 4 - widthOf(what)));
    const label = padTo(shorten(lines.migrationName(step, versions), room), room);
    this.#say(`${done ? style.done('✔') : style.failed('✖')} ${label}  ${style.detail(what)}`);
  }

  /** The moving line's text: the migration that runs, or what is waited for. */
  #update(): void {
    const { now } = this.#t;
    const running = this.#running.values().next().value;
    const since = running?.since ?? this.#activity?.since;
    if (since === undefined) {
      this.#spinner.text = '';
      return;
    }
    const elapsed = now() - since;
    const tail = [running?.statement ?? '', elapsed >= elapsedFromMs ? duration(elapsed) : ''].filter(
      (part) => part !== '',
    );
    const suffix = tail.map((part) => ` · ${part}`).join('');
    // The spinner and a space stand before the text; the last column stays free, where some terminals wrap.
    const room = this.#columns - 3;
    const head = running === undefined ? (this.#activity?.text ?? '') : running.label;
    this.#spinner.text = shorten(shorten(head, Math.max(room - widthOf(suffix), 8)) + suffix, room);
  }

  #spinFrom(afterMs: number): void {
    if (this.#refresh !== undefined || this.#t.detail === 'quiet') return;
    const spin = (): void => {
      if (this.#activity === undefined && this.#running.size === 0) return;
      this.#update();
      if (!this.#spinner.isSpinning) this.#spinner.start();
    };
    if (afterMs === 0) spin();
    const begin = this.#t.now();
    this.#refresh = setInterval(() => {
      if (this.#t.now() - begin >= afterMs) spin();
    }, refreshMs).unref();
  }

  #say(line: string): void {
    // Through the spinner's own stream: it takes its line away first and puts it back after.
    if (this.#t.detail !== 'quiet') this.#stream.write(`${line}\n`);
  }

  get #columns(): number {
    return this.#t.writer.columns ?? 80;
  }
}

/** The writer as the stream that ora draws on; what ora asks of a cursor is said in escape sequences. */
function terminalStream(writer: Writer): NodeJS.WriteStream {
  const stream = {
    isTTY: true,
    get columns() {
      return writer.columns ?? 80;
    },
    write(text: string) {
      writer.text(text);
      return true;
    },
    cursorTo: (column: number) => stream.write(`\u001b[${column + 1}G`),
    moveCursor: (_: number, rows: number) => stream.write(`\u001b[${Math.abs(rows)}${rows < 0 ? 'A' : 'B'}`),
    clearLine: () => stream.write('\u001b[K'),
    once: () => stream,
    removeListener: () => stream,
  };
  return stream as unknown as NodeJS.WriteStream;
}
