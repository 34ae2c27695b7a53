import { fieldUrl, request, type Box, type FieldState } from "../api";
import { tab } from "./tab";

export type Point = [row: number, column: number];

export type DefectState = "predicted" | "accepted" | "edited" | "added" | "rejected" | "ignored";

export interface Defect {
  id: number;
  box: Box;
  /** A pixel inside. */
  point: Point;
  area_px: number;
  area_um2: number | null;
  eq_diameter_um: number | null;
  circularity: number | null;
  confidence: number | null;
  class: number;
  state: DefectState;
  /** What a check is expected to pay; the queue shows the largest first. */
  gain: number;
  author: string | null;
  time: string | null;
  model: string | number | null;
}

/** Pixels of a box after a gesture: base64 of zlib-deflated uint8, row by row. */
export interface Patch {
  box: Box;
  values: string;
}

export interface Porosity {
  fraction: number | null;
  low: number | null;
  high: number | null;
}

/** What the server tells after whatever it did. */
export interface Tail {
  version: number;
  state: FieldState;
  n_to_check: number;
  can_undo: boolean;
  can_redo: boolean;
  porosity: Porosity | null;
}

export interface Answer extends Tail {
  seq: number;
  patch: Patch | null;
  removed: number[];
  changed: Defect[];
}

export interface Draft extends Tail {
  base: number;
  author: string | null;
  read_only: boolean;
  defects: Defect[];
  ghosts: Defect[];
}

/** What a person can do to a mask, by kind. Points and radii are multiples of 1/4 px. */
export interface Gestures {
  brush: { points: Point[]; radius_px: number; value: number };
  /** `unignore`: only pixels that are ignored get the value. */
  lasso: { points: Point[]; value: number; unignore?: boolean };
  wand: { point: Point; tolerance: number; value: number };
  click: { point: Point; value: number };
  delete: { defects: number[] };
  delete_where: { max_area_px?: number; max_confidence?: number };
  /** What nobody has verified, outlined where the model's probability crosses a threshold. */
  recut: { threshold: number };
  fill_holes: { defects: number[] };
  split: { defect: number; line: Point[] };
  merge: { defects: [number, number] };
  class: { defects: number[]; value: number };
  accept: { defects: number[] };
  ignore: { defects: number[] };
  restore: { ghost: number };
  accept_rest: Record<string, never>;
  done: Record<string, never>;
  reopen: Record<string, never>;
  /** The field got another mask meanwhile: go on with the draft, or take the newer mask. */
  resolve: { keep: "draft" | "mask" };
  look: Record<string, never>;
  undo: Record<string, never>;
  redo: Record<string, never>;
}

export type Kind = keyof Gestures;

export type Mode = "correct" | "from_nothing";

export interface Operation<K extends Kind = Kind> {
  uuid: string;
  kind: K;
  seconds: number;
  n_actions: number;
  mode: Mode;
  base: number;
  gesture: Gestures[K];
}

export type ImageKind = "polished" | "etched";
export type Layer = "none" | "confidence" | "difference" | "uncertainty";

async function post<T>(path: string, body: unknown): Promise<T> {
  const response = await request(path, {
    method: "POST",
    headers: { "X-Tab": await tab(), "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await response.json()) as T;
}

export async function openDraft(field: string, mode: Mode): Promise<Draft> {
  const response = await request(fieldUrl(field, `/draft?mode=${mode}`), { headers: { "X-Tab": await tab() } });
  return (await response.json()) as Draft;
}

export const takeOver = (field: string) => post<unknown>(fieldUrl(field, "/take_over"), {});

export const sendGesture = (field: string, operation: Operation) =>
  post<Answer>(fieldUrl(field, "/gestures"), operation);

/** `look`: page and grey window, see `Grays`. */
export function imageTileUrl(field: string, kind: ImageKind, level: number, [row, column]: readonly [number, number], look: string): string {
  return fieldUrl(field, `/tile/${level}/${row}/${column}?kind=${kind}${look && `&${look}`}`);
}

export function maskTileUrl(field: string, mode: Mode, level: number, row: number, column: number): string {
  return fieldUrl(field, `/mask/${level}/${row}/${column}?mode=${mode}`);
}

export function heatTileUrl(field: string, layer: string, level: number, row: number, column: number): string {
  return fieldUrl(field, `/heat/${layer}/${level}/${row}/${column}`);
}

export const exportUrl = (field: string, mode: Mode) => fieldUrl(field, `/export.png?mode=${mode}`);

/** Bytes that zlib made smaller. */
export async function inflate(packed: BufferSource | Blob): Promise<Uint8Array> {
  const source = packed instanceof Blob ? packed : new Blob([packed as BlobPart]);
  const stream = source.stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export async function patchValues(patch: Patch): Promise<Uint8Array> {
  const text = atob(patch.values);
  const packed = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) packed[i] = text.charCodeAt(i);
  return inflate(packed);
}
