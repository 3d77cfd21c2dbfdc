// The values that are tried for a column which conditions speak of: from its type, and from each constant
// in those conditions with its neighbours. Pure; the server decides which of them it can read.
import { constantsOf, type Constant } from './constants.ts';
import { samplesOfLike, samplesOfRegex } from './pattern.ts';
import { cornerValues, type BaseType } from './values.ts';

const longest = 20_000;

/** Candidate values as text, the likeliest first. May hold values that the type does not read. */
export function candidatesFor(base: BaseType, conditions: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const add = (values: readonly string[]): void => values.forEach((value) => found.add(value));
  const constants = conditions.flatMap(constantsOf);
  const { category } = base;
  for (const constant of constants) if (constant.kind === 'string' || category !== 'S') add([constant.value]);
  for (const condition of conditions) add(fromPatterns(condition));
  add(cornerValues(base));
  for (const constant of constants) add(neighbours(constant, base));
  if (base.type.startsWith('json')) add(documents(constants));
  return [...found];
}

function neighbours({ value, kind }: Constant, { category, type, element }: BaseType): string[] {
  const around: string[] = [];
  if (category === 'N' && Number.isFinite(Number(value)) && value.trim() !== '') {
    const number = Number(value);
    const bigger = /^-?\d{16,}$/.test(value) ? String(BigInt(value) + 1n) : String(number + 1);
    const smaller = /^-?\d{16,}$/.test(value) ? String(BigInt(value) - 1n) : String(number - 1);
    const scale = Number(/,(\d+)\)$/.exec(type)?.[1] ?? 2);
    const step = 10 ** -Math.max(scale, 0);
    const fine = /numeric|real|double/.test(type)
      ? [(number + step).toFixed(scale), (number - step).toFixed(scale)]
      : [];
    around.push(bigger, smaller, ...fine, String(-number), String(Math.trunc(number)));
  }
  if (category === 'S' && kind === 'string')
    around.push(`${value}x`, `x${value}`, value.toUpperCase(), value.toLowerCase());
  const length = kind === 'number' ? Number(value) : Number.NaN;
  if (Number.isInteger(length) && length >= 0 && length <= longest) {
    const lengths = [length, length - 1, length + 1].filter((n) => n >= 0);
    if (category === 'S') around.push(...lengths.map((n) => 'a'.repeat(n)));
    if (category === 'A' && length < 100) {
      const item = /int|numeric|double|real/.test(element ?? '') ? '1' : 'a';
      around.push(...lengths.map((n) => `{${Array<string>(n).fill(item).join(',')}}`));
    }
    if (type === 'bytea') around.push(...lengths.map((n) => `\\x${'61'.repeat(n)}`));
  }
  if (category === 'A' && !/^\{/.test(value)) around.push(`{${quoteElement(value)}}`, `{${quoteElement(value)},x}`);
  if (category === 'D' && kind === 'string') around.push(...days(value));
  return around;
}

const quoteElement = (value: string): string => `"${value.replaceAll(/["\\]/g, '\\$&')}"`;

function days(value: string): string[] {
  const at = Date.parse(
    /^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T00:00:00Z` : value.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'),
  );
  if (Number.isNaN(at)) return [];
  return [86_400_000, -86_400_000, 1000, -1000].map((ms) =>
    new Date(at + ms).toISOString().replace('T', ' ').replace('.000Z', '+00'),
  );
}

/** The patterns of LIKE, SIMILAR TO and ~ as PostgreSQL prints them: `~~`, `~`, `~*`. */
function fromPatterns(condition: string): string[] {
  const patterns = [...condition.matchAll(/(!?~~?\*?)\s*'((?:[^']|'')*)'/g)];
  return patterns.flatMap(([, operator = '', quoted = '']) => {
    const pattern = quoted.replaceAll("''", "'");
    const samples = operator.includes('~~') ? samplesOfLike(pattern) : samplesOfRegex(pattern);
    return [...samples, ...samples.map((sample) => `${sample}1`), ...samples.map((sample) => `!${sample}`)];
  });
}

/** Documents that hold a constant as a key, and each pair of constants as key and value. */
function documents(constants: readonly Constant[]): string[] {
  const values = constants.slice(0, 8).map(({ value }) => JSON.stringify(value));
  const single = values.flatMap((key) => [
    `{${key}: 1}`,
    `{${key}: "a"}`,
    `{${key}: null}`,
    `[${key}]`,
    `{${key}: []}`,
    `{${key}: {}}`,
  ]);
  const pairs = values.flatMap((key) =>
    values.filter((value) => value !== key).flatMap((value) => [`{${key}: ${value}}`]),
  );
  const all = `{${values.map((key) => `${key}: 1`).join(', ')}}`;
  const strings = `{${values.map((key) => `${key}: "a"`).join(', ')}}`;
  return [...single, ...pairs, all, strings];
}
