// Progress for files and pipes: one line for each thing that is done, and a sign of life for what takes long.
// No colours of its own accord, no line that is taken back.
import type { AmeliaError } from '../errors.ts';
import type { MigratorEvent } from '../events.ts';
import * as lines from './lines.ts';
import type { MessageLevel, Progress } from './reporter.ts';
import { waitingLine } from './wait.ts';
import { count, duration } from './words.ts';

/** How often a line says that a statement or a lock still takes its time. */
const signOfLifeMs = 30_000;

/** For a step whose beginning was not told. */
const unseen: lines.Begun = { direction: 'up', transaction: true };

interface Running {
  readonly label: string;
  readonly begun: lines.Begun;
  statement: string;
  since: number;
}

/** A pipe is no place for a moving line. */
const progressEveryMs = 10_000;

/** Plain lines. */
export class PlainProgress implements Progress {
  readonly #t: lines.Telling;
  readonly #running = new Map<string, Running>();
  #started = false;
  #blockedBy = '';
  #progressToldAt = 0;
  #lockToldAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(telling: lines.Telling) {
    this.#t = telling;
  }

  event(event: MigratorEvent): void {
    const { versions, detail, now } = this.#t;
    const verbose = detail === 'verbose';
    switch (event.type) {
      case 'connected':
        if (verbose) this.#say(lines.connectedLine(event));
        return;
      case 'lock-waiting':
        return this.#lockWaiting(event);
      case 'database-waiting':
        return this.#say(lines.databaseLine(event));
      case 'waiting':
        return this.#say(waitingLine(event, versions));
      case 'embedded-waiting':
        return this.#say(lines.embeddedLine(event));
      case 'verifying':
        if (verbose) this.#say(lines.verifyingText[event.phase]);
        return;
      case 'planned':
        if (event.versions.length > 0) this.#say(lines.plannedLine(event));
        return;
      case 'pooler':
        if (verbose) this.#say(lines.poolerLine);
        return;
      case 'blocked':
        return this.#blocked(event);
      case 'progress':
        return this.#progress(event);
      case 'retrying':
        return this.#say(lines.retryLine(event, versions));
      case 'unusable-rollback':
        return this.message('warning', lines.rollbackText(event, versions));
      case 'only-comments-modified':
        return this.message('warning', lines.commentsText(event, versions));
      case 'history-widened':
        return this.#say(lines.widenedLine(event));
      case 'migration-started': {
        const label = lines.migrationName(event, versions);
        this.#started = true;
        this.#running.set(event.version, { label, begun: event, statement: '', since: now() });
        this.#timer ??= setInterval(() => this.#signOfLife(), signOfLifeMs).unref();
        return;
      }
      case 'statement-started': {
        const running = this.#running.get(event.version);
        if (running === undefined) return;
        running.statement = `statement ${event.index} of ${event.statements}`;
        running.since = now();
        return;
      }
      case 'statement-finished':
        this.#blockedBy = '';
        if (verbose) this.#say(`  ${lines.statementLine(event, versions)}`);
        return;
      case 'notice':
        return this.#say(lines.noticeLine(event, this.#t));
      case 'migration-finished': {
        const { step } = event;
        const begun = this.#running.get(step.version)?.begun ?? unseen;
        this.#running.delete(step.version);
        const label = lines.migrationName(step, versions);
        const measure = `${count(step.statements, 'statement')}, ${duration(step.ms)}`;
        if (!lines.isDone(step, begun.direction)) {
          return this.#say(`${lines.failedState(event, begun)}: ${label} (after ${duration(step.ms)})`);
        }
        return this.#say(`${begun.direction === 'up' ? 'applied' : 'rolled back'} ${label} (${measure})`);
      }
    }
  }

  /** Once for each company that is waited for. */
  #blocked(event: lines.EventOf<'blocked'>): void {
    const company = event.blockers.map(({ pid }) => pid).join();
    if (company === this.#blockedBy) return;
    this.#blockedBy = company;
    this.#say(`  ${lines.blockedLine(event)}`);
  }

  #progress(event: lines.EventOf<'progress'>): void {
    const { now } = this.#t;
    if (now() - this.#progressToldAt < progressEveryMs) return;
    this.#progressToldAt = now();
    this.#say(`  ${lines.progressText(event)}`);
  }

  message(level: MessageLevel, text: string): void {
    if (level === 'warning' || this.#t.detail !== 'quiet') {
      this.#t.writer.text(`${lines.messageLine(level, text, this.#t)}\n`);
    }
  }

  settle(): void {
    clearInterval(this.#timer);
  }

  end(failure: AmeliaError | undefined): void {
    if (failure !== undefined) this.#t.writer.text(lines.failureText(failure, this.#t, this.#started));
  }

  #lockWaiting(event: Extract<MigratorEvent, { type: 'lock-waiting' }>): void {
    const { now } = this.#t;
    if (this.#lockToldAt !== undefined && now() - this.#lockToldAt < signOfLifeMs) return;
    this.#lockToldAt = now();
    this.#say(`${lines.lockLine(event)} (${duration(event.waitedMs)})`);
  }

  #signOfLife(): void {
    for (const { label, statement, since } of this.#running.values()) {
      const ms = this.#t.now() - since;
      if (ms >= signOfLifeMs) this.#say(`${label}: ${statement} still runs after ${duration(ms)}`);
    }
  }

  #say(line: string): void {
    if (this.#t.detail !== 'quiet') this.#t.writer.text(`${line}\n`);
  }
}
