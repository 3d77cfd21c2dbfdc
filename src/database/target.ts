// Where to connect and as whom: a connection URL and libpq's environment become a ConnectionTarget.
// Never connects, never puts a password into an error.

export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** Where to connect and as whom. A host that begins with `/` is the folder of a Unix socket. */
export interface ConnectionTarget {
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly sslMode: SslMode;
  readonly sslRootCert?: string;
  readonly sslCert?: string;
  readonly sslKey?: string;
  readonly applicationName: string;
  /** libpq's `options`: command-line options for the backend, such as `-c geqo=off`. */
  readonly options?: string;
  readonly connectTimeoutMs: number;
}
