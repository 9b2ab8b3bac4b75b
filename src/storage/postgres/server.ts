import type { Secret } from "#base";
import { NoAnswer, troubleOf } from "./trouble.ts";

/** What the server itself ends; the client waits a little longer, for one that cannot even say so. */
const statementMs = 15_000;
const answerMs = 20_000;
const connectSeconds = 5;

export type Param = string | number | boolean | null | Uint8Array;

export interface ServerOptions {
  readonly url: Secret;
  readonly mostConnections: number;
  /** Called with every connection that ends without being closed here. */
  readonly onLost?: () => void;
}

/**
 * A few connections that are made when needed and made again when they break. Every statement stands for itself, so it
 * does not matter which connection takes it, and none is left inside a transaction.
 */
export class Server {
  readonly #options: ServerOptions;
  #pool: Bun.SQL;
  #isClosed = false;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#pool = this.#connect();
  }

  /** Rejects with what `troubleOf` understands. The row type is what the statement is known to return. */
  async query<Row>(sql: string, params: readonly Param[] = []): Promise<readonly Row[]> {
    const pool = this.#pool;
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new NoAnswer("no answer")), answerMs);
    try {
      const answer: readonly Row[] = await Promise.race([pool.unsafe(sql, [...params]), tooLate]);
      return answer;
    } catch (error) {
      if (error instanceof NoAnswer) this.#replace(pool);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Looks may be repeated: a connection that was idle may have ended without a word. */
  async reading<T>(look: () => Promise<T>): Promise<T> {
    try {
      return await look();
    } catch (error) {
      if (this.#isClosed || troubleOf(error)?.type !== "lost") throw error;
      return look();
    }
  }

  /** All of it in one transaction, on one connection. */
  transaction<T>(
    work: (query: <Row>(sql: string, params?: readonly Param[]) => Promise<readonly Row[]>) => Promise<T>,
  ) {
    return this.#pool.begin((tx) => work(async (sql, params = []) => tx.unsafe(sql, [...params])));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#pool.close({ timeout: 1 });
  }

  #connect(): Bun.SQL {
    const { url, mostConnections, onLost } = this.#options;
    const pool: Bun.SQL = new Bun.SQL(url.reveal(), {
      adapter: "postgres",
      max: mostConnections,
      idleTimeout: 0,
      maxLifetime: 0,
      connectionTimeout: connectSeconds,
      connection: {
        application_name: "openclaw",
        statement_timeout: statementMs,
        lock_timeout: statementMs,
        idle_in_transaction_session_timeout: statementMs,
        // So that a gateway whose machine vanished does not hold the database for hours.
        tcp_keepalives_idle: 15,
        tcp_keepalives_interval: 5,
        tcp_keepalives_count: 3,
        client_min_messages: "warning",
      },
      onclose: () => {
        if (!this.#isClosed && pool === this.#pool) onLost?.();
      },
    });
    return pool;
  }

  /** A connection that does not answer would be given to the next statement, too. */
  #replace(silent: Bun.SQL): void {
    if (this.#isClosed || this.#pool !== silent) return;
    this.#pool = this.#connect();
    silent.close({ timeout: 0 }).catch(() => undefined); // it is of no use any more, whatever it says
    this.#options.onLost?.();
  }
}
