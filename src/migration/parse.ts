// Makes a file a script that can be applied: its statements, its directives and its transactions.
// Whatever cannot run is refused here, before anything runs.
import { AmeliaError, type ErrorCode, type ErrorFacts } from '../errors.ts';
import { checksum } from './checksum.ts';
import { readCommand, type Command } from './command.ts';
import { readDirectives } from './directives.ts';
import { asBuffer } from './lexer.ts';
import { locate, summarize } from './location.ts';
import { scan } from './scan.ts';
import { maskSql } from './secrets.ts';
import { inner } from './statements.ts';
import type { Migration, MigrationFile, Script, Statement, Statements } from './types.ts';

/** Reads a migration's or a rollback's file. Throws `scan.*`, `directives.*` and `parse.*`, each with its location. */
export function parseScript(path: string, text: Uint8Array): Script {
  const found = scan(path, text);
  const directives = readDirectives(path, text, found);
  const parser = new Parser(path, text);
  const statements = directives.transaction
    ? parser.asOneTransaction(found.statements)
    : parser.statementByStatement(found.statements);
  if (statements.length === 0) {
    throw new AmeliaError('parse.empty', { path }, { location: locate(path, text, 0) });
  }
  const reader = { read: (start: number, end: number) => asBuffer(text).subarray(start, end), confirm: () => {} };
  const advisory = ['advisory', 'ADVISORY'].some((word) => asBuffer(text).includes(word));
  return { path, text, reader: () => reader, checksum: checksum(text), advisory, statements, ...directives };
}

/** As `parseScript`, for a migration's own file. */
export function parseMigration(file: MigrationFile, text: Uint8Array): Migration {
  return { ...parseScript(file.path, text), version: file.version, name: file.name };
}

class Parser {
  readonly #path: string;
  readonly #text: Uint8Array;

  constructor(path: string, text: Uint8Array) {
    this.#path = path;
    this.#text = text;
  }

  /** Leaves out a BEGIN and a COMMIT around the whole file, and refuses any other transaction control. */
  asOneTransaction(all: Statements): Statements {
    const wrapped =
      all.length >= 2 && this.#isPlain(all.at(0)!, 'begin') && this.#isPlain(all.at(all.length - 1)!, 'commit');
    const statements = wrapped ? inner(all) : all;
    for (const statement of statements) {
      const command = this.#command(statement);
      this.#refuseAnywhere(command, statement);
      if (command !== undefined && ['transaction', 'chain', 'prepared'].includes(command.kind)) {
        throw this.#refusal('parse.transaction-control', statement, { statement: this.#shown(statement) });
      }
    }
    return statements;
  }

  /** Refuses a transaction that is not both opened and closed in the file. */
  statementByStatement(statements: Statements): Statements {
    let open: Statement | undefined;
    const unclosed = (statement: Statement, next: string | null) =>
      this.#refusal('parse.unclosed-transaction', statement, { statement: this.#shown(statement), next });
    for (const statement of statements) {
      const command = this.#command(statement);
      this.#refuseAnywhere(command, statement);
      if (command?.kind === 'chain') {
        throw this.#refusal('parse.chained-transaction', statement, { statement: this.#shown(statement) });
      }
      if (command?.kind !== 'transaction') continue;
      if (command.control === 'begin') {
        if (open !== undefined) throw unclosed(open, this.#shown(statement));
        open = statement;
      } else {
        if (open === undefined) {
          throw this.#refusal('parse.unopened-transaction', statement, { statement: this.#shown(statement) });
        }
        open = undefined;
      }
    }
    if (open !== undefined) throw unclosed(open, null);
    return statements;
  }

  #command({ start, end }: Statement): Command | undefined {
    return readCommand(this.#text, start, end);
  }

  #isPlain(statement: Statement, control: 'begin' | 'commit'): boolean {
    const command = this.#command(statement);
    return command?.kind === 'transaction' && command.control === control && command.plain;
  }

  #refuseAnywhere(command: Command | undefined, statement: Statement): void {
    if (command?.kind === 'reading') {
      throw this.#refusal('parse.text-setting', statement, { setting: command.setting });
    }
    if (command?.kind === 'copy' && command.direction === 'to-client') {
      throw this.#refusal('parse.copy-to-stdout', statement, {});
    }
  }

  #shown({ start, end }: Statement): string {
    return maskSql(summarize(this.#text, start, end, 60));
  }

  #refusal<C extends ErrorCode & `parse.${string}`>(code: C, { start }: Statement, facts: ErrorFacts<C>) {
    return new AmeliaError(code, facts, { location: locate(this.#path, this.#text, start) });
  }
}
