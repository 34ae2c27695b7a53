import { ApiError, messageOf } from "../api";
import type { Answer, Operation } from "./api";
import type { Shelf } from "./shelf";

export interface JournalStatus {
  /** Gestures that the server has not acknowledged. */
  waiting: number;
  /** Why they wait, in words; null while all is well. */
  trouble: string | null;
  /** When the last one was acknowledged, in ms of the clock. */
  savedAt: number | null;
}

export interface Handlers {
  send: (operation: Operation) => Promise<Answer>;
  onAnswer: (operation: Operation, answer: Answer) => void | Promise<void>;
  /** The server will never take it. */
  onRefused: (operation: Operation, error: Error) => void;
  /** Another tab writes. What waits here stays. */
  onReadOnly: () => void;
  onStatus: (status: JournalStatus) => void;
}

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 3000;
const TRIES_OF_A_BROKEN_ONE = 6;

/**
 * Gestures on their way to the server: kept in the browser until acknowledged, sent in order, one
 * in flight. A uuid makes it safe to send one again whose answer was lost.
 */
export class Journal {
  private queue: Operation[] = [];
  private isPumping = false;
  private isPaused = false;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private status: JournalStatus = { waiting: 0, trouble: null, savedAt: null };

  constructor(
    private readonly place: string,
    private readonly shelf: Shelf,
    private readonly handlers: Handlers,
  ) {}

  /** Take up what an earlier page left. Returns it, in order; nothing is sent before `start`. */
  async restore(): Promise<Operation[]> {
    this.isPaused = true;
    this.queue = [...(await this.shelf.all(this.place)), ...this.queue];
    this.tell({ waiting: this.queue.length });
    return [...this.queue];
  }

  start(): void {
    this.isPaused = false;
    void this.pump();
  }

  pause(): void {
    this.isPaused = true;
  }

  /** A finished gesture. It is sent at once; the copy in the browser is written meanwhile. */
  push(operation: Operation): void {
    this.queue.push(operation);
    this.tell({ waiting: this.queue.length });
    this.shelf.put(this.place, operation).catch((error: unknown) => {
      this.tell({ trouble: `This browser keeps no copy of unsent gestures: ${messageOf(error)}` });
    });
    void this.pump();
  }

  /** The server may be back: do not wait any longer. */
  poke(): void {
    clearTimeout(this.timer);
    void this.pump();
  }

  stop(): void {
    this.isPaused = true;
    clearTimeout(this.timer);
  }

  /** The gesture that an undo would take back, of those that are not acknowledged. */
  lastLive(): string | null {
    const live: string[] = [];
    const undone: string[] = [];
    for (const { kind, uuid } of this.queue) {
      if (kind === "look") continue;
      if (kind === "undo") undone.push(live.pop() ?? "");
      else if (kind === "redo") live.push(undone.pop() ?? "");
      else live.push(uuid);
    }
    return live.pop() || null;
  }

  get isEmpty(): boolean {
    return this.queue.length === 0;
  }

  private async pump(): Promise<void> {
    if (this.isPumping) return;
    this.isPumping = true;
    try {
      while (!this.isPaused) {
        const operation = this.queue[0];
        if (!operation || !(await this.deliver(operation))) return;
      }
    } finally {
      this.isPumping = false;
    }
  }

  /** Whether to go on with the next. */
  private async deliver(operation: Operation): Promise<boolean> {
    let answer: Answer;
    try {
      answer = await this.handlers.send(operation);
    } catch (error) {
      return this.failed(operation, error instanceof Error ? error : new Error(String(error)));
    }
    this.failures = 0;
    this.done(operation);
    await this.handlers.onAnswer(operation, answer); // first: whoever sees nothing wait knows what can be undone
    this.tell({ waiting: this.queue.length, trouble: null, savedAt: Date.now() });
    return true;
  }

  private done(operation: Operation): void {
    this.queue.shift();
    void this.shelf.drop(operation.uuid).catch(() => {}); // sent again at worst: the uuid is known
  }

  private failed(operation: Operation, error: Error): boolean {
    this.failures++;
    const status = error instanceof ApiError ? error.status : 0;
    const code = error instanceof ApiError ? error.code : "";
    if (status === 409 && code === "read_only") {
      this.isPaused = true;
      this.handlers.onReadOnly();
      return false;
    }
    const isBroken = status === 500 && this.failures >= TRIES_OF_A_BROKEN_ONE;
    if (isBroken || isRefusal(status)) {
      this.failures = 0;
      this.done(operation);
      this.tell({ waiting: this.queue.length, trouble: null });
      this.handlers.onRefused(operation, error);
      return true;
    }
    this.tell({ trouble: error.message });
    clearTimeout(this.timer);
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.failures - 1));
    this.timer = setTimeout(() => void this.pump(), wait);
    return false;
  }

  private tell(change: Partial<JournalStatus>): void {
    this.status = { ...this.status, ...change };
    this.handlers.onStatus(this.status);
  }
}

/** Send what was left of other images of a project, when a page was closed while the server was away. */
export async function sendLeft(
  project: string,
  except: string,
  shelf: Shelf,
  send: (field: string, operation: Operation) => Promise<Answer>,
  onRefused: Handlers["onRefused"],
): Promise<void> {
  for (const place of await shelf.places()) {
    const field = place.slice(project.length + 1);
    if (place !== `${project}/${field}` || field === except) continue;
    const left = new Journal(place, shelf, {
      send: (operation) => send(field, operation),
      onAnswer: () => {},
      onRefused,
      onReadOnly: () => {},
      onStatus: () => {},
    });
    await left.restore();
    left.start();
  }
}

/** The server understood and said no. A lost login (401, 403) or a busy server is not that. */
function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && ![401, 403, 408, 425, 429].includes(status);
}
