// Strings that a regular expression or a LIKE pattern could match: guesses for PostgreSQL to judge. Pure.

/** Some strings that `pattern` (POSIX, as PostgreSQL reads it) may match. */
export function samplesOfRegex(pattern: string): readonly string[] {
  return [0, 1, 2].map((variant) => new Sampler(pattern, variant).alternatives());
}

/** Some strings that the LIKE `pattern` may match. */
export function samplesOfLike(pattern: string): readonly string[] {
  return ['', 'a', 'b7'].map((filler) =>
    pattern.replaceAll(/\\(.)|%|_/gs, (whole, escaped: string | undefined) =>
      escaped !== undefined ? escaped : whole === '%' ? filler : 'a',
    ),
  );
}

const classes: Readonly<Record<string, string>> = {
  d: '0123',
  w: 'abc0',
  s: ' ',
  D: 'abc',
  W: '-',
  S: 'abc',
};
const namedClasses: Readonly<Record<string, string>> = {
  alpha: 'abc',
  digit: '012',
  alnum: 'ab1',
  upper: 'ABC',
  lower: 'abc',
  space: ' ',
  punct: '-',
  xdigit: 'a1f',
};
const mostRepeats = 200;

/** Walks through the pattern once and writes one string that fits it; `variant` chooses among what fits. */
class Sampler {
  readonly #pattern: string;
  readonly #variant: number;
  #at = 0;

  constructor(pattern: string, variant: number) {
    this.#pattern = pattern.replace(/^\*\*\*[:=]/, '').replace(/^\(\?[a-z]+\)/, '');
    this.#variant = variant;
  }

  alternatives(): string {
    const found: string[] = [];
    for (;;) {
      found.push(this.#sequence());
      if (this.#pattern[this.#at] !== '|') break;
      this.#at++;
    }
    return found[this.#variant % found.length] ?? '';
  }

  #sequence(): string {
    let text = '';
    while (this.#at < this.#pattern.length && !'|)'.includes(this.#pattern[this.#at] ?? '')) {
      const start = this.#at;
      let piece = this.#atom();
      const end = this.#at;
      const times = this.#quantifier();
      // A repeated group is read again each time, so that its own choices stay possible.
      if (times === 0) piece = '';
      for (let i = 1; i < times; i++) {
        const after = this.#at;
        this.#at = start;
        piece += this.#atom();
        this.#at = after;
      }
      if (this.#at < end) this.#at = end;
      text += piece;
    }
    return text;
  }

  #atom(): string {
    const char = this.#pattern[this.#at++] ?? '';
    switch (char) {
      case '^':
      case '$':
        return '';
      case '.':
        return 'a';
      case '[':
        return this.#set();
      case '\\': {
        const next = this.#pattern[this.#at++] ?? '';
        if ('mMyYAZ'.includes(next)) return '';
        const members = classes[next];
        return members === undefined ? next : (members[this.#variant % members.length] ?? '');
      }
      case '(': {
        const ahead = /^\?(?:[:=]|!|<[=!])/.exec(this.#pattern.slice(this.#at));
        if (ahead) this.#at += ahead[0].length;
        const inside = this.alternatives();
        this.#at++;
        return ahead && ahead[0] !== '?:' ? '' : inside;
      }
      default:
        return char;
    }
  }

  #set(): string {
    const negated = this.#pattern[this.#at] === '^';
    if (negated) this.#at++;
    const members: string[] = [];
    let first = true;
    for (; this.#at < this.#pattern.length; first = false) {
      const rest = this.#pattern.slice(this.#at);
      const named = /^\[:(\w+):\]/.exec(rest);
      if (named) {
        members.push(...(namedClasses[named[1] ?? ''] ?? ''));
        this.#at += named[0].length;
        continue;
      }
      if (rest.startsWith(']') && !first) break;
      const range = /^(\\?.)-(\\?[^\]])/s.exec(rest);
      if (range) {
        const [from, to] = [range[1], range[2]].map((end) => end?.at(-1)?.codePointAt(0) ?? 0);
        for (let code = from ?? 0; code <= Math.min(to ?? 0, (from ?? 0) + 200); code++)
          members.push(String.fromCodePoint(code));
        this.#at += range[0].length;
        continue;
      }
      const escape = /^\\(.)/s.exec(rest);
      if (escape) members.push(...(classes[escape[1] ?? ''] ?? escape[1] ?? ''));
      else members.push(rest[0] ?? '');
      this.#at += escape ? 2 : 1;
    }
    this.#at++;
    if (!negated) return members[this.#variant % Math.max(members.length, 1)] ?? '';
    return [...'ab01-_ @'].find((char) => !members.includes(char)) ?? '';
  }

  #quantifier(): number {
    const match = /^(?:[*+?]|\{(\d+)(,(\d*))?\})\??/.exec(this.#pattern.slice(this.#at));
    if (!match) return 1;
    this.#at += match[0].length;
    if (match[1] === undefined) return match[0].startsWith('+') ? 1 + this.#variant : this.#variant % 2;
    const least = Number(match[1]);
    const most = match[2] === undefined ? least : match[3] ? Number(match[3]) : least + 2;
    return Math.min(least + (this.#variant % 2) * (most > least ? 1 : 0), mostRepeats);
  }
}
