// What the command line needs of a process; `process` is one, and a test can be one.
// Types only.

export type Host = Pick<NodeJS.Process, 'argv' | 'env' | 'stdout' | 'stderr' | 'on' | 'off' | 'exit'>;
