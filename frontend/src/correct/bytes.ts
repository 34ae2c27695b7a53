import type { Box } from "../api";
import { request } from "../api";
import { inflate } from "./api";
import { loader } from "./loader";
import { TILE, tilesIn, type Tile } from "./tiles";
import type { Shape } from "./view";

/** One tile of bytes, 512 wide whatever the image's border cuts off. */
export interface ByteTile {
  values: Uint8Array;
  /** The server has newer values than these. */
  isStale: boolean;
}

interface Loading {
  /** Changed while it was under way, so that it must be asked for again. */
  isOutdated: boolean;
}

const KEPT_TILES = 320; // 84 MB
const RETRY_MS = 3000;

/** A pyramid of byte tiles from the server: the mask, or a heat layer. */
export class ByteTiles {
  private readonly tiles = new Map<number, ByteTile>();
  private readonly loading = new Map<number, Loading>();
  private readonly failed = new Map<number, number>();

  constructor(
    readonly shape: Shape,
    private readonly name: string,
    private readonly url: (level: number, row: number, column: number) => string,
    private readonly onLoad: (box: Box, level: number, tile: ByteTile) => void,
    private readonly onFail: (error: Error) => void = () => {},
  ) {}

  peek(level: number, tile: Tile): ByteTile | undefined {
    return this.tiles.get(keyOf(level, tile));
  }

  /** The tile if it is there, and a request where it is not or is stale. */
  want(level: number, tile: Tile): ByteTile | undefined {
    const key = keyOf(level, tile);
    const known = this.tiles.get(key);
    if (known) {
      this.tiles.delete(key); // the most recent are last
      this.tiles.set(key, known);
    }
    const failedAt = this.failed.get(key) ?? -Infinity;
    if ((!known || known.isStale) && !this.loading.has(key) && failedAt < performance.now() - RETRY_MS) {
      const loading: Loading = { isOutdated: false };
      this.loading.set(key, loading);
      loader.want(`${this.name}/${key}`, () => this.load(level, tile, loading));
    }
    return known;
  }

  /** Tiles of one level that are loaded and meet a box of the image. */
  *loaded(box: Box, level: number): Generator<[Tile, ByteTile]> {
    for (const tile of tilesIn(box, level)) {
      const found = this.peek(level, tile);
      if (found) yield [tile, found];
    }
  }

  /** The server's values in a box have changed: load them again when they are next seen. */
  outdate(box: Box, isLevel: (level: number) => boolean): void {
    for (let level = 0; level < 32 && TILE * 2 ** level < 4 * Math.max(...this.shape); level++) {
      if (!isLevel(level)) continue;
      for (const tile of tilesIn(box, level)) {
        const key = keyOf(level, tile);
        const known = this.tiles.get(key);
        if (known) known.isStale = true;
        const loading = this.loading.get(key);
        if (loading) loading.isOutdated = true;
      }
    }
  }

  clear(): void {
    this.tiles.clear();
    for (const loading of this.loading.values()) loading.isOutdated = true;
  }

  private async load(level: number, tile: Tile, loading: Loading): Promise<void> {
    const key = keyOf(level, tile);
    try {
      loading.isOutdated = false;
      const response = await request(this.url(level, tile[0], tile[1]));
      const values = await inflate(await response.blob());
      const found = { values: padded(values, tile, level, this.shape), isStale: loading.isOutdated };
      this.tiles.set(key, found);
      this.failed.delete(key);
      this.dropOldest();
      this.onLoad(boxOf(level, tile), level, found);
    } catch (error) {
      this.failed.set(key, performance.now());
      this.onFail(error instanceof Error ? error : new Error(String(error)));
      window.setTimeout(() => this.onLoad(boxOf(level, tile), level, emptyTile()), RETRY_MS + 50);
    } finally {
      this.loading.delete(key);
    }
  }

  private dropOldest(): void {
    for (const key of this.tiles.keys()) {
      if (this.tiles.size <= KEPT_TILES) return;
      this.tiles.delete(key);
    }
  }
}

function emptyTile(): ByteTile {
  return { values: new Uint8Array(TILE * TILE), isStale: true };
}

function keyOf(level: number, [row, column]: Tile): number {
  return (level * 8192 + row) * 8192 + column;
}

function boxOf(level: number, [row, column]: Tile): Box {
  const size = TILE * 2 ** level;
  return [row * size, column * size, (row + 1) * size, (column + 1) * size];
}

/** Values of a tile that the border may have cut, as rows of 512. */
export function padded(values: Uint8Array, [row, column]: Tile, level: number, shape: Shape): Uint8Array {
  if (values.length === TILE * TILE) return values;
  const rows = Math.min(TILE, Math.ceil(shape[0] / 2 ** level) - row * TILE);
  const columns = Math.min(TILE, Math.ceil(shape[1] / 2 ** level) - column * TILE);
  if (values.length !== rows * columns) {
    throw new Error(`a tile has ${values.length} bytes; ${rows} x ${columns} are needed. Reload the page.`);
  }
  const full = new Uint8Array(TILE * TILE);
  for (let i = 0; i < rows; i++) full.set(values.subarray(i * columns, (i + 1) * columns), i * TILE);
  return full;
}
