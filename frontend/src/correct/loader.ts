/**
 * Few requests at once, the newest wish first: a browser opens six connections to one server, and
 * a gesture must never wait behind tiles.
 */
export class Loader {
  private readonly waiting = new Map<string, () => Promise<void>>();
  private readonly running = new Set<string>();

  constructor(private readonly most = 3) {}

  /** Do a task when there is room. One that waits already moves to the front. */
  want(key: string, task: () => Promise<void>): void {
    if (this.running.has(key)) return;
    this.waiting.delete(key);
    this.waiting.set(key, task);
    this.next();
  }

  /** Do a task when there is nothing else to do. */
  wantLater(key: string, task: () => Promise<void>): void {
    if (this.running.has(key) || this.waiting.has(key)) return;
    const others = [...this.waiting];
    this.waiting.clear();
    this.waiting.set(key, task);
    for (const [other, its] of others) this.waiting.set(other, its);
    this.next();
  }

  private next(): void {
    while (this.running.size < this.most) {
      const key = [...this.waiting.keys()].pop();
      if (key === undefined) return;
      const task = this.waiting.get(key);
      this.waiting.delete(key);
      this.running.add(key);
      void task?.().finally(() => {
        this.running.delete(key);
        this.next();
      });
    }
  }
}

export const loader = new Loader();

/** What was used last stays. */
export class Recent<V> {
  private readonly values = new Map<string, V>();

  constructor(
    private readonly most: number,
    private readonly onDrop: (value: V) => void = () => {},
  ) {}

  get(key: string): V | undefined {
    const value = this.values.get(key);
    if (value !== undefined) {
      this.values.delete(key);
      this.values.set(key, value);
    }
    return value;
  }

  set(key: string, value: V): void {
    this.values.delete(key);
    this.values.set(key, value);
    for (const [oldest, dropped] of this.values) {
      if (this.values.size <= this.most) return;
      this.values.delete(oldest);
      this.onDrop(dropped);
    }
  }
}
