// Authorities and certificates for one test file, made with openssl (a Debian package of that name).
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  readonly crt: string;
  /** Readable by its owner only. */
  readonly key: string;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const openssl = (...args: string[]): void =>
  void execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });

/** A certificate that vouches for itself; with names it can be a server's. */
export function selfSigned(folder: string, name: string, alternatives?: string): Certificate {
  const [crt, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const names = alternatives === undefined ? [] : ['-addext', `subjectAltName=${alternatives}`];
  openssl('req', '-x509', ...newKey, '-keyout', key, '-out', crt, '-subj', `/CN=${name}`, '-days', '2', ...names);
  chmodSync(key, 0o600);
  return { crt, key };
}

export interface Wanted {
  /** The common name. */
  readonly name: string;
  /** Such as `DNS:localhost,IP:127.0.0.1`. */
  readonly alternatives?: string;
  /** From now on; -1 has expired. */
  readonly days?: number;
  readonly file?: string;
}

/** A certificate that `authority` vouches for. */
export function issue(folder: string, authority: Certificate, wanted: Wanted): Certificate {
  const { name, alternatives, days = 2, file = name } = wanted;
  const [crt, key, csr] = ['crt', 'key', 'csr'].map((end) => join(folder, `${file}.${end}`)) as [
    string,
    string,
    string,
  ];
  openssl('req', '-new', ...newKey, '-keyout', key, '-out', csr, '-subj', `/CN=${name}`);
  const extensions = join(folder, `${file}.ext`);
  writeFileSync(extensions, alternatives === undefined ? '' : `subjectAltName=${alternatives}\n`);
  const by = ['-CA', authority.crt, '-CAkey', authority.key, '-CAcreateserial'];
  openssl('x509', '-req', '-in', csr, ...by, '-days', String(days), '-out', crt, '-extfile', extensions);
  chmodSync(key, 0o600);
  return { crt, key };
}

/** The list of certificates that `authority` has revoked. */
export function revoke(folder: string, authority: Certificate, revoked: Certificate): string {
  const [index, config, crl] = ['index.txt', 'ca.cnf', 'revoked.crl'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(index, '');
  writeFileSync(config, `[ca]\ndefault_ca=x\n[x]\ndatabase=${index}\ndefault_md=sha256\ndefault_crl_days=2\n`);
  const by = ['-config', config, '-cert', authority.crt, '-keyfile', authority.key];
  openssl('ca', ...by, '-revoke', revoked.crt);
  openssl('ca', ...by, '-gencrl', '-out', crl);
  return crl;
}

/** The same key, encrypted. */
export function lockedKey(key: string, pass: string): string {
  const locked = `${key}.locked`;
  openssl('ec', '-in', key, '-aes256', '-passout', `pass:${pass}`, '-out', locked);
  chmodSync(locked, 0o600);
  return locked;
}

/** Gives files to whoever owns `like`: the user that a server runs as. */
export function giveTo(like: string, ...files: string[]): void {
  const { uid, gid } = statSync(like);
  for (const file of files) chownSync(file, uid, gid);
}
