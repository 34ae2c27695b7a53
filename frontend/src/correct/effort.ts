/** A pause longer than this is a pause: no more than this of it is counted. */
export const IDLE_SECONDS = 20;

export interface Spent {
  seconds: number;
  n_actions: number;
}

/** Active seconds and actions (clicks, keys, strokes) since the last gesture. Times in ms. */
export class Effort {
  private last: number | null = null;
  private seconds = 0;
  private actions = 0;
  private total = 0;

  /** The person did something, if only moved the pointer. */
  note(now: number): void {
    if (this.last !== null) {
      const gap = Math.min(IDLE_SECONDS, Math.max(0, (now - this.last) / 1000));
      this.seconds += gap;
      this.total += gap;
    }
    this.last = now;
  }

  /** A click, a key or a stroke. */
  act(now: number): void {
    this.note(now);
    this.actions++;
  }

  /** What the gesture took; counting begins anew. */
  take(now: number): Spent {
    this.note(now);
    const spent = { seconds: Math.round(this.seconds * 1000) / 1000, n_actions: this.actions };
    this.seconds = 0;
    this.actions = 0;
    return spent;
  }

  /** Active seconds since the image was opened. */
  get activeSeconds(): number {
    return this.total;
  }

  /** Seconds that no gesture has taken yet. */
  get waitingSeconds(): number {
    return this.seconds;
  }
}
