import { useEffect, useState } from "preact/hooks";
import type { FieldState } from "../api";
import type { Layer, Mode, Point, Porosity } from "./api";
import { ALL, type Filters } from "./defects";
import type { ImageInfo, Percents } from "./grays";
import type { JournalStatus } from "./journal";
import type { ToolName } from "./tools";
import type { Shape } from "./view";

/** The image that is edited. */
export interface Edited {
  name: string;
  shape: Shape;
  hasEtched: boolean;
  classes: string[];
  /** Tells this project from others that the same address has served. */
  project: string;
}

export interface State {
  phase: "opening" | "ready" | "failed";
  error: string | null;
  /** How much of an image that nobody has opened yet is ready, 0 to 1; null where it is, or unknown. */
  preparing: number | null;
  tool: ToolName;
  /** Class that tools paint. */
  value: number;
  radius: number;
  tolerance: number;
  opacity: number;
  layer: Layer;
  /** Share of the etched twin: 0 polished, 1 etched. */
  flip: number;
  /** What the server tells of the page in sight; null until it has. */
  about: ImageInfo | null;
  /** Another page of the file than the one that was imported. */
  page: number | null;
  /** Grey window, where a person has chosen one. */
  window: Percents | null;
  /** What the tiles of the image are asked for with. */
  look: string;
  isHidden: boolean;
  selected: readonly number[];
  filters: Filters;
  /** Grows with each change of the defects. */
  revision: number;
  fieldState: FieldState;
  nToCheck: number;
  canUndo: boolean;
  canRedo: boolean;
  porosity: Porosity | null;
  isReadOnly: boolean;
  mode: Mode;
  journal: JournalStatus;
  dialog: "help" | "done" | "delete_where" | null;
  /** Floats over the image, which stays at hand. */
  panel: "gray" | "recut" | null;
  /** Probability at which the outlines would be cut anew, while a person chooses it. */
  cut: number | null;
  /** Screen px of one image px. */
  scale: number;
  /** Keyboard's place on the image, while it is in use. */
  cursor: Point | null;
  /** Spoken by screen readers. */
  spoken: string;
}

export const START: State = {
  phase: "opening",
  error: null,
  preparing: null,
  tool: "verify",
  value: 1,
  radius: 8,
  tolerance: 0.12,
  opacity: 0.25,
  layer: "none",
  flip: 0,
  about: null,
  page: null,
  window: null,
  look: "",
  isHidden: false,
  selected: [],
  filters: ALL,
  revision: 0,
  fieldState: "new",
  nToCheck: 0,
  canUndo: false,
  canRedo: false,
  porosity: null,
  isReadOnly: false,
  mode: "correct",
  journal: { waiting: 0, trouble: null, savedAt: null },
  dialog: null,
  panel: null,
  cut: null,
  scale: 1,
  cursor: null,
  spoken: "",
};

/** The editor's state, and who wants to know of its changes. */
export class Store {
  private readonly watchers = new Set<(state: State, before: State) => void>();

  constructor(private state: State = START) {}

  get now(): State {
    return this.state;
  }

  set(change: Partial<State>): void {
    const before = this.state;
    const names = Object.keys(change) as (keyof State)[];
    if (names.every((name) => Object.is(before[name], change[name]))) return;
    this.state = { ...before, ...change };
    for (const watcher of [...this.watchers]) watcher(this.state, before);
  }

  watch(watcher: (state: State, before: State) => void): () => void {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  }
}

/** A part of the state; the component is drawn again only when that part changes. */
export function usePart<T>(store: Store, select: (state: State) => T): T {
  const [value, setValue] = useState(() => select(store.now));
  useEffect(() => {
    setValue(() => select(store.now));
    return store.watch((state) => setValue(() => select(state)));
  }, [store]);
  return value;
}
