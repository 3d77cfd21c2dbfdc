// Looks at a statement that takes long from a session of its own: who blocks it, how many wait behind
// it, how far it is. Opened only when a statement does take long; never changes anything by itself.
import type { MigratorEvent, OtherSession, Progress } from '../events.ts';
import { maskLiterals } from '../migration/secrets.ts';
import type { Durability } from './durability.ts';
import { ownSearchPath } from './search-path.ts';
import type { Session } from './session.ts';

const lookMs = 250;
/** A statement that is answered sooner is not looked at. */
const longMs = 700;
const againMs = 500;
/** So long may more than the allowed number wait behind us. */
const patienceMs = 1000;

export interface Watched {
  readonly session: Session;
  readonly another: (first: string) => Promise<Session>;
  /** How many sessions may wait behind ours before it gives way. */
  readonly mostVictims: number;
  readonly emit: (event: MigratorEvent) => void;
}

/** A watch over one session. */
export class Watch {
  /** What blocked the statement that runs, as it was seen last. */
  blockers: readonly OtherSession[] = [];
  /** Set when the statement was cancelled because too many waited behind it; whoever tries again clears it. */
  gaveWay = false;
  /** What waits to be told until it is on disk: seen to when that takes long, too. */
  durability: Durability | undefined;
  readonly #watched: Watched;
  readonly #timer: NodeJS.Timeout;
  #looking = false;
  #lookedAt = 0;
  #crowdedSince: number | undefined;
  #observer: Session | undefined;

  constructor(watched: Watched) {
    this.#watched = watched;
    this.#timer = setInterval(() => void this.#look(), lookMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { session } = this.#watched;
    const now = performance.now();
    const waitsLong = this.durability !== undefined && this.durability.waitsMs >= longMs;
    if ((session.busyMs < longMs && !waitsLong) || this.#looking || now - this.#lookedAt < againMs) return;
    this.#looking = true;
    try {
      this.#observer ??= await this.#watched.another('SELECT');
      await this.durability?.settle(this.#observer);
      const [seen] = await this.#observer.query<Seen>(lookAt(session.pid));
      // It was answered meanwhile: what was seen is over.
      if (seen && session.busyMs >= longMs) this.#tell(seen);
    } catch {
      // Only a look: no session to be had, no right to look, or the run is over.
    } finally {
      this.#lookedAt = performance.now();
      this.#looking = false;
    }
  }

  #tell({ blockers, queued, progress }: Seen): void {
    const { emit, session } = this.#watched;
    if (progress) emit({ type: 'progress', progress });
    this.blockers = (blockers ?? []).map(({ since, query, ...row }) => ({
      ...row,
      since: since === null ? null : new Date(since),
      query: query && maskLiterals(query),
    }));
    if (this.blockers.length === 0) return;
    emit({ type: 'blocked', blockers: this.blockers, queued, waitedMs: Math.round(session.busyMs) });
    this.#giveWay(queued);
  }

  #giveWay(queued: number): void {
    if (queued <= this.#watched.mostVictims) {
      this.#crowdedSince = undefined;
      return;
    }
    this.#crowdedSince ??= performance.now();
    if (performance.now() - this.#crowdedSince < patienceMs) return;
    this.#crowdedSince = undefined;
    this.gaveWay = true;
    void this.#watched.session.cancel();
  }
}

interface Seen {
  readonly blockers: readonly (Omit<OtherSession, 'since'> & { readonly since: string | null })[] | null;
  readonly queued: number;
  readonly progress: Progress | null;
}

/** Manual, sections 27.2.3 (pg_stat_activity) and 27.4 (progress reporting). */
function lookAt(pid: number): string {
  const percent = (done: string, all: string) =>
    `CASE WHEN ${all} > 0 THEN pg_catalog.round(100.0 * ${done} / ${all}, 1)::float8 END`;
  const progress = (view: string, command: string, phase: string, share: string) =>
    `SELECT ${command} AS command, ${phase} AS phase, ${share} AS percent FROM pg_catalog.pg_stat_progress_${view} WHERE pid = ${pid}`;
  const all = [
    progress(
      'create_index',
      'command',
      'phase',
      percent('GREATEST(blocks_done, tuples_done)', 'GREATEST(blocks_total, tuples_total)'),
    ),
    progress('copy', 'command', `'tuples: ' || tuples_processed`, percent('bytes_processed', 'bytes_total')),
    progress('cluster', 'command', 'phase', percent('heap_blks_scanned', 'heap_blks_total')),
    progress('vacuum', `'VACUUM'`, 'phase', percent('heap_blks_scanned', 'heap_blks_total')),
    progress('analyze', `'ANALYZE'`, 'phase', percent('sample_blks_scanned', 'sample_blks_total')),
  ];
  return `${ownSearchPath};
    SELECT (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('pid', a.pid, 'applicationName', a.application_name,
        'user', a.usename, 'state', a.state, 'since', COALESCE(a.xact_start, a.backend_start),
        'query', pg_catalog.left(a.query, 120)))
      FROM pg_catalog.pg_stat_activity a WHERE a.pid = ANY (pg_catalog.pg_blocking_pids(${pid}))) AS blockers,
    (SELECT count(*)::int FROM pg_catalog.pg_stat_activity w
      WHERE w.wait_event_type = 'Lock' AND ${pid} = ANY (pg_catalog.pg_blocking_pids(w.pid))) AS queued,
    (SELECT pg_catalog.row_to_json(p) FROM (${all.join(' UNION ALL ')}) p LIMIT 1) AS progress`;
}
