// The places of SQL where secrets stand: behind PASSWORD, in OPTIONS, settings, columns, calls, connection strings.
// One look at one text; it may hold several statements (a body), and be cut off.
import type { Edit } from './secrets.ts';
import { SecretMarks, type Nested } from './secret-marks.ts';
import { isSecretName, isSecretSetting, isSecretTable } from './secret-words.ts';

/** Where an expression ends that a secret may stand in. */
const ends = new Set(
  'where and or returning from then else end when group order limit union valid having as loop select references check constraint unique primary not null into'.split(
    ' ',
  ),
);
const comparisons = new Set([
  '=',
  '<',
  '>',
  '!',
  '~',
  ':',
  'to',
  'in',
  'like',
  'ilike',
  'similar',
  'default',
  'is',
  '*',
]);
const notCalled = new Set(
  'table exists into references on index view type function procedure aggregate routine update join only using key unique as trigger'.split(
    ' ',
  ),
);
const crypto =
  /^(pgp_(sym|pub)_(en|de)crypt(_bytea)?|crypt|hmac|encrypt|decrypt|(en|de)crypt_iv|crypto_\w+|armor|dearmor)$/;
const algorithm =
  /^(aes|bf|blowfish|des|3des|xdes|md5|sha\d*|hex|base64|escape|utf-?8|(cipher-algo|compress-algo|s2k-\w+)=.*|\w+[-/][\w:/-]+)$/i;
const pairs = /^(jsonb?_build_object|jsonb?_object|hstore|jsonb_set|jsonb_insert)$/;
const harmlessColumn = /^(id|name|kind|type|label|description|comment|email|user\w*|\w+_(id|at|by))$/;

export class SecretRules extends SecretMarks {
  readonly #isBody: boolean;

  constructor(text: Buffer, nested: Nested, isBody: boolean) {
    super(text, nested);
    this.#isBody = isBody;
  }

  find(): Edit[] {
    const { t } = this;
    for (let from = 0; from < t.all.length;) {
      let to = from;
      while (to < t.all.length && t.at(to).kind !== 'semicolon') to++;
      this.#statement(from, to);
      from = to + 1;
    }
    if (this.fromVariable && this.#isBody) this.assigned();
    return this.marked;
  }

  #statement(from: number, to: number): void {
    const { t } = this;
    const isComment = t.is(from, 'comment', 'security');
    const ofRole =
      t.is(from, 'create', 'alter') && t.is(from + 1, 'role', 'user', 'group') && !t.is(from + 2, 'mapping');
    for (let i = from; i < to; i++) {
      if (t.isLiteral(i)) {
        this.content(i, from, to);
        if (this.#isNamedBehind(i)) this.mark(i);
        continue;
      }
      if (!t.isName(i)) continue;
      const { word } = t.at(i);
      const next = t.at(i + 1);
      if (word === 'password' && ofRole) this.#role(i + 1, to);
      else if (word === 'identified') this.#expression(i + 1, to);
      else if (isSecretName(word) && !isComment) this.#named(i, to);
      if (next.kind === 'open' && !(notCalled.has(t.at(i - 1).word) && t.at(i - 1).kind === 'word'))
        this.#call(i, from, to);
      if (word === 'options' && next.kind === 'open') this.#options(i + 1);
      if (word === 'program' && t.isLiteral(i + 1)) this.mark(i + 1);
      if (word === 'connection' && t.isLiteral(i + 1) && /["'\\]/.test(t.literal(i + 1).value)) this.mark(i + 1);
      if (word === 'set') this.#set(i, from, to);
      if (word === 'insert') this.#insert(t.is(i + 1, 'into') ? i + 2 : i, to);
    }
  }

  /** `'…' AS password`, `'…' = password`. */
  #isNamedBehind(i: number): boolean {
    const { t } = this;
    const behind = t.afterCasts(i + 1);
    if (t.is(behind, 'as') && t.isName(behind + 1)) return isSecretName(t.at(behind + 1).word);
    let j = behind;
    while (t.is(j, '=', '<', '>', '!')) j++;
    if (j === behind || !t.isName(j)) return false;
    const { name, end } = t.dotted(j);
    return t.at(end).kind !== 'open' && isSecretName(name.split('.').at(-1) ?? '');
  }

  /** PASSWORD of a role, also one without quotes or in the wrong ones. */
  #role(i: number, to: number): void {
    const { t } = this;
    if (t.is(i, 'null')) return;
    let j = i;
    if (t.is(j, '=')) j++;
    // n'…' is a literal too.
    if (t.is(j, 'n') && t.isLiteral(j + 1) && t.touchesNext(j)) j++;
    this.mark(j);
    const first = j;
    while (j + 1 < to && t.touchesNext(j)) this.mark(++j);
    // A quote in the password ended it too early.
    if (j > first && t.isLiteral(first)) while (j + 1 < to) this.mark(++j);
    while (j + 1 < to && t.isLiteral(j + 1)) this.mark(++j);
  }

  /** What belongs to a name of a secret: `password 's'`, `password = …`, `password text DEFAULT 's'`. */
  #named(i: number, to: number): void {
    const { t } = this;
    let j = i + 1;
    while (t.at(j).kind === 'close') j++;
    j = t.afterCasts(j);
    if (t.is(j, 'n') && t.isLiteral(j + 1) && t.touchesNext(j)) j++;
    if (t.isLiteral(j)) {
      for (; t.isLiteral(j); j++) this.mark(j);
      if (t.is(j, '|')) this.#expression(j, to);
      return;
    }
    if (comparisons.has(t.at(j).word)) return this.#expression(j, to);
    if (j > i + 1 || !t.isName(j) || ends.has(t.at(j).word)) return;
    // A column's or a variable's type stands between.
    let depth = 0;
    for (let k = j; k < Math.min(to, j + 24); k++) {
      const { kind, word } = t.at(k);
      if (kind === 'open') depth++;
      else if (kind === 'close' && --depth < 0) return;
      else if (depth > 0) continue;
      else if (word === ',') return;
      else if (word === 'default' || word === '=' || (word === ':' && t.is(k + 1, '=')))
        return this.#expression(k + 1, to);
    }
  }

  /** Masks the literals of an expression, up to the comma or key word that ends it. */
  #expression(from: number, to: number): void {
    const { t } = this;
    let depth = 0;
    for (let i = from; i < to; i++) {
      const { kind, word } = t.at(i);
      if (kind === 'literal') this.mark(i);
      else if (kind === 'open' || word === 'case') depth++;
      else if (kind === 'close' || (word === 'end' && depth > 0)) {
        if (--depth < 0) return;
      } else if (
        depth === 0 &&
        (word === ',' || (kind === 'word' && ends.has(word) && !(word === 'not' || word === 'null')))
      )
        return;
    }
  }

  /** OPTIONS (user 'u', SET password 's'). */
  #options(open: number): void {
    const { t } = this;
    for (const [from, to] of t.parts(open + 1, t.closing(open))) {
      const key = t.is(from, 'add', 'set', 'drop') && to - from > 1 && !t.isLiteral(from + 1) ? from + 1 : from;
      if (isSecretSetting(t.at(key).word)) for (let i = key + 1; i < to; i++) this.mark(i);
    }
  }

  /** SET a.b = value, of a session, a role, a database or a function; SET (a, password) = (…) of an UPDATE. */
  #set(i: number, from: number, to: number): void {
    const { t } = this;
    let j = i + 1;
    if (t.at(j).kind === 'open') {
      const close = t.closing(j);
      const isSecret = t.parts(j + 1, close).some(([column]) => isSecretName(t.at(column).word));
      if (isSecret) this.#expression(close + 1, to);
      return;
    }
    for (let k = from; k < i; k++) if (t.is(k, 'update', 'insert', 'merge') && !t.is(k - 1, 'on')) return;
    if (t.is(j, 'session', 'local')) j++;
    const { name, end } = t.dotted(j);
    if (!t.is(end, '=', 'to') || !isSecretSetting(name)) return;
    const inCreate = t.is(from, 'create');
    for (let k = end + 1; k < (inCreate ? end + 2 : to); k++) this.mark(k);
  }

  #call(i: number, from: number, to: number): void {
    const { t } = this;
    const { word } = t.at(i);
    const close = Math.min(t.closing(i + 1), to);
    const args = t.parts(i + 2, close);
    const isAlgorithm = (k: number): boolean => algorithm.test(t.literal(k).value);
    if (word === 'set_config') {
      const [[name = -1, after = -1] = [], value] = args;
      const isPlain = t.isLiteral(name) && t.afterCasts(name + 1) === after;
      if (value && (!isPlain || isSecretSetting(t.literal(name).value))) this.markLiterals(...value);
    } else if (crypto.test(word)) {
      this.markLiterals(i + 2, close, isAlgorithm);
    } else if (pairs.test(word)) {
      args.forEach(([key, end], n) => {
        const value = args[n + 1];
        const isKey = t.isLiteral(key) && t.afterCasts(key + 1) === end;
        if (value && isKey && isSecretSetting(t.literal(key).value.replace(/[{}"]/g, ''))) this.markLiterals(...value);
      });
    } else if (
      /password|passwd|secret|token$|credential|apikey|(en|de)crypt/.test(word.replaceAll('_', '')) &&
      !t.is(from, 'create', 'drop')
    ) {
      this.markLiterals(i + 2, close, isAlgorithm);
    }
  }

  /** INSERT INTO t (a, password) VALUES (…), (…) or SELECT …. */
  #insert(table: number, to: number): void {
    const { t } = this;
    const isNamed = !t.is(table, 'insert');
    const { name, end } = isNamed ? t.dotted(table) : { name: '', end: table + 1 };
    const ofSecrets = isSecretTable(name.split('.').at(-1) ?? '');
    let open = end;
    if (t.is(open, 'as')) open += 2;
    const hasColumns = t.at(open).kind === 'open' && !t.is(open + 1, 'select', 'with', 'values');
    if (!hasColumns) {
      if (ofSecrets) this.markLiterals(open, to);
      return;
    }
    const close = t.closing(open);
    const columns = t.parts(open + 1, close).map(([column]) => t.at(column).word);
    const isSecret = (n: number): boolean => {
      const column = columns[n] ?? '';
      return isSecretName(column) || (ofSecrets && !harmlessColumn.test(column));
    };
    const valueAt = columns.findIndex((column) => /^(value|val|data|content)$/.test(column));
    const row = (from: number, end: number): void => {
      const values = t.parts(from, end);
      const ofSetting = values.some(
        ([first, last], n) =>
          n !== valueAt && last === first + 1 && t.isLiteral(first) && isSecretSetting(t.literal(first).value),
      );
      values.forEach((value, n) => {
        if (isSecret(n) || (n === valueAt && ofSetting)) this.markLiterals(...value);
      });
    };
    let i = close + 1;
    while (i < to && !t.is(i, 'values', 'select')) i++;
    if (t.is(i, 'values')) {
      for (i++; t.at(i).kind === 'open' && i < to; i++) {
        const end = Math.min(t.closing(i), to);
        row(i + 1, end);
        i = end + 1;
        if (!t.is(i, ',')) break;
      }
    } else if (i < to) {
      let end = i + 1;
      for (let depth = 0; end < to && !(depth === 0 && t.is(end, 'from', 'union', 'where', 'on')); end++)
        depth += t.at(end).kind === 'open' ? 1 : t.at(end).kind === 'close' ? -1 : 0;
      row(i + 1, end);
    }
  }
}
