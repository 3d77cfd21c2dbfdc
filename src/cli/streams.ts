// stdout and stderr as they can be relied on: what was not written whole is an error.
import { fstatSync, writeFileSync } from 'node:fs';
import type { OutputStream } from '../report/writer.ts';
import type { Host } from './host.ts';

/** The stream; where it is a file, one that notices a disk that took only a part, as Node.js itself does not. */
export function openStream(stream: Host['stdout'] | Host['stderr']): OutputStream {
  return isFile(stream) ? new FileStream(stream.fd) : stream;
}

function isFile({ fd }: { readonly fd?: number }): boolean {
  try {
    return fd !== undefined && fstatSync(fd).isFile();
  } catch {
    return false;
  }
}

class FileStream implements OutputStream {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Throws what the system says. */
  write(text: string, done?: (error?: Error | null) => void): void {
    writeFileSync(this.#fd, text);
    done?.();
  }

  on(): void {}
}
