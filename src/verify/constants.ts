// What an expression, as PostgreSQL prints it, speaks of: its constants and its columns. A reading for
// candidates only: what an expression means, the server alone says. Pure.

export interface Constant {
  readonly value: string;
  readonly kind: 'string' | 'number';
}

const token =
  /(E?)'((?:[^'\\]|''|\\.)*)'|"((?:[^"]|"")*)"|(?<![\w.])(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([\p{L}_][\p{L}\p{N}_$]*)/gsu;

/** The constants in the order of their appearance, each once. The elements of a printed array count for themselves. */
export function constantsOf(expression: string): readonly Constant[] {
  const found = new Map<string, Constant>();
  const add = (value: string, kind: Constant['kind']): void => {
    if (!found.has(value)) found.set(value, { value, kind });
  };
  for (const match of expression.matchAll(token)) {
    const [, escaped, text, , number] = match;
    if (number !== undefined) add(number, 'number');
    if (text === undefined) continue;
    const plain = text.replaceAll("''", "'");
    const value = escaped ? plain.replaceAll(/\\(.)/gs, '$1') : plain;
    add(value, 'string');
    const after = expression.slice(match.index + match[0].length);
    if (/^::[\w ."]*(\(\d+\))?\[\]/.test(after) && /^\{.*\}$/s.test(value)) {
      for (const element of value.slice(1, -1).split(',')) add(element.replace(/^"(.*)"$/s, '$1'), 'string');
    }
  }
  return [...found.values()];
}

/** Which of `columns` the expression names. */
export function columnsIn(expression: string, columns: readonly string[]): readonly string[] {
  const names = new Set<string>();
  for (const [, , , quoted, , plain] of expression.matchAll(token)) {
    if (quoted !== undefined) names.add(quoted.replaceAll('""', '"'));
    if (plain !== undefined) names.add(plain);
  }
  return columns.filter((column) => names.has(column));
}
