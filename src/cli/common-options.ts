// The options that every command has, as commander knows them. Reads none of them.
import { Option, type Argument } from 'commander';
import { logForms } from './arguments.ts';
import { groups } from './help.ts';

/** What completion offers for an option or argument; whoever reads its value says what it accepts. */
export function offering<T extends Option | Argument>(option: T, words: readonly string[]): T {
  option.argChoices = [...words];
  return option;
}

/** The options of every command; their environment variables and defaults are those of cli.md. */
export function commonOptions(): Option[] {
  const option = (group: keyof typeof groups, flags: string, description: string): Option =>
    new Option(flags, description).helpGroup(groups[group]);
  return [
    option('database', '-d, --database-url <URL>', 'default postgresql://localhost:5432/amelia [DATABASE_URL]'),
    option('database', '--database-url-file <FILE>', 'a file that holds the URL [DATABASE_URL_FILE]'),
    option('database', '--embedded [DIR]', 'PostgreSQL in this process, default .amelia-db [AMELIA_DB_EMBEDDED]'),
    option('database', '-m, --migrations <DIR>', 'default migrations [AMELIA_DB_MIGRATIONS]'),
    option('database', '--allow-empty', 'a folder without a migration is right [AMELIA_DB_ALLOW_EMPTY]'),
    option('database', '--history-table <[SCHEMA.]TABLE>', 'default schema_migrations [AMELIA_DB_HISTORY_TABLE]'),
    option('database', '--lock-timeout <DURATION>', 'of a statement, default 5s, 0: none [AMELIA_DB_LOCK_TIMEOUT]'),
    option('database', '--statement-timeout <DURATION>', 'of a statement, default none [AMELIA_DB_STATEMENT_TIMEOUT]'),
    option('database', '--role <ROLE>', 'SET ROLE before anything [AMELIA_DB_ROLE]'),
    option('output', '--json', 'one JSON document on stdout [AMELIA_DB_JSON]'),
    offering(
      option('output', '--log <FORM>', 'progress on stderr as text or json, default text [AMELIA_DB_LOG]'),
      logForms,
    ),
    option('output', '--color', 'colours even where there is no terminal [FORCE_COLOR]'),
    option('output', '--no-color', 'no colours [NO_COLOR]'),
    option('output', '-q, --quiet', 'print errors only, and what was asked for'),
    option('output', '-v, --verbose', 'print each statement with its time'),
    option('output', '--show-values', 'print the values of rows in errors, not *** [AMELIA_DB_SHOW_VALUES]'),
  ];
}
