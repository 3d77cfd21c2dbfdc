// How to print: `--json`, `--log`, colours, `--quiet`, `--verbose`, and what the streams are.
// Reads options and environment; writes nothing.
import type { Environment } from '../database/target.ts';
import { AmeliaError } from '../errors.ts';
import type { ReporterOptions } from '../report/reporter.ts';
import { logForms } from './arguments.ts';
import { readFlag, type CommonOptions } from './config.ts';

export type OutputSettings = Pick<ReporterOptions, 'json' | 'log' | 'colour' | 'animate' | 'detail' | 'showValues'>;

export interface Terminals {
  readonly stdout: { readonly isTTY?: boolean | undefined };
  readonly stderr: { readonly isTTY?: boolean | undefined };
}

/** Output settings when the options could not be read. */
export function outputWithout(json: boolean, env: Environment, streams: Terminals): OutputSettings {
  return { json, log: 'text', detail: 'normal', ...looks({}, env, streams) };
}

/** Throws `config.invalid` and `config.conflict`. */
export function readOutput(
  options: CommonOptions & FormatOption,
  env: Environment,
  streams: Terminals,
): OutputSettings {
  if (options.quiet && options.verbose) {
    throw new AmeliaError('config.conflict', { problem: '--quiet and --verbose exclude each other' });
  }
  const form = formOnStdout(options);
  if (options.json && form !== undefined && form !== 'json') {
    throw new AmeliaError('config.conflict', { problem: `--json and --format ${form} both ask for stdout` });
  }
  const json = options.json ?? flagOf('AMELIA_DB_JSON', env);
  const showValues = options.showValues ?? flagOf('AMELIA_DB_SHOW_VALUES', env);
  const wanted = options.log ?? (env['AMELIA_DB_LOG'] || 'text');
  const log = logForms.find((form) => form === wanted);
  if (log === undefined) {
    throw new AmeliaError('config.invalid', {
      setting: '--log',
      value: wanted,
      problem: 'not a form of log',
      hint: 'text or json',
    });
  }
  return {
    json: options.json ?? (form === undefined ? json : form === 'json'),
    showValues,
    log,
    detail: options.quiet ? 'quiet' : options.verbose ? 'verbose' : 'normal',
    ...looks(options, env, streams),
  };
}

/** Throws `config.invalid`. */
function flagOf(setting: string, env: Environment): boolean {
  const value = env[setting] ?? '';
  const flag = readFlag(value);
  if (flag !== undefined) return flag;
  throw new AmeliaError('config.invalid', { setting, value, problem: 'neither on nor off', hint: 'set it to 1 or 0' });
}

/** `--format` of the commands that have it: forms, or `form=FILE`. */
export interface FormatOption {
  readonly format?: readonly string[];
}

/** The form that stdout is asked to have; undefined where no option says. */
const formOnStdout = ({ format = [] }: FormatOption): string | undefined =>
  format.filter((form) => !form.includes('=')).at(-1);

function looks(
  options: CommonOptions,
  env: Environment,
  streams: Terminals,
): Pick<OutputSettings, 'colour' | 'animate'> {
  const dumb = env['TERM'] === 'dumb';
  const asked = options.color ?? colourByVariable(env);
  const colour = (stream: { readonly isTTY?: boolean | undefined }): boolean =>
    asked ?? (stream.isTTY === true && !dumb);
  return {
    colour: { stdout: colour(streams.stdout), stderr: colour(streams.stderr) },
    // A CI system's terminal is a file that somebody reads later.
    animate: streams.stderr.isTTY === true && !dumb && readFlag(env['CI'] ?? '') === false,
  };
}

/** FORCE_COLOR (0 and false turn colours off) goes before NO_COLOR, as Node.js itself has it. */
function colourByVariable(env: Environment): boolean | undefined {
  const force = env['FORCE_COLOR'];
  if (force !== undefined) return force !== '0' && force !== 'false';
  return env['NO_COLOR'] ? false : undefined;
}
